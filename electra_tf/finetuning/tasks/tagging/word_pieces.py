"""Words of a sentence as an input, each labelled at its first piece.

No TensorFlow.
"""

import typing

from electra_tf.finetuning.tasks.task import DataError
from electra_tf.text.tokenization import BasicTokenizer
from electra_tf.text.vocabulary import CLS, SEP


class Placed(typing.NamedTuple):
    """A sentence as an input, and where its labelled words begin."""

    input_ids: list[int]
    positions: list[int]


class Pieces(typing.NamedTuple):
    """The pieces of a sentence's words."""

    words: list[list[int]]  # The ids of each word's pieces.
    labelled: list[bool]  # Which of the words have a label.
    bare: int  # How many are [UNK], as the tokenizer keeps nothing of them.
    cls_id: int  # Of [CLS].
    sep_id: int  # Of [SEP].


def basic_tokenizer(
    tokenizer, do_lower_case: bool = True, splits_ideographs: bool = True
) -> BasicTokenizer:
    """Return what cuts words at punctuation, and at ideographs if asked to.

    Accents stay where the tokenizer keeps them though it lower-cases, and
    words of ideographs where it does not cut them. The
    released code does not cut words at ideographs, so that most of those that
    have several are unknown.
    """
    keeps = tokenizer.do_lower_case and not tokenizer.strip_accents
    splits = splits_ideographs and tokenizer.config.tokenize_chinese_chars
    return BasicTokenizer(do_lower_case, not keeps, splits)


def pieces_of_words(
    words: list[str], tokenizer, basic: BasicTokenizer, label_all: bool = True
) -> Pieces:
    """Cut words into pieces; those that say [CLS] or [SEP] stay whole.

    With `label_all` these have labels too, and are cut like any other word;
    and a word of which the tokenizer keeps nothing is [UNK], so that no two
    words are labelled at one piece, and none at [SEP]. In the released code
    such a word is labelled at what follows.
    """
    special = () if label_all else (CLS, SEP)
    cleaned = [basic.cleaned(word) for word in words]
    pieces = [
        tokenizer.encode_words([word] if word in special else basic.words(word))
        for word in cleaned
    ]
    bare = label_all * pieces.count([])
    if bare:
        pieces = [found or [tokenizer.unk_id] for found in pieces]
    return Pieces(
        words=pieces,
        labelled=[word not in special for word in cleaned],
        bare=bare,
        cls_id=tokenizer.cls_id,
        sep_id=tokenizer.sep_id,
    )


def what_fits(pieces: Pieces, max_length: int) -> Placed:
    """Keep the words that fit."""
    ids, positions = [pieces.cls_id], []
    for word in pieces.words:
        positions.append(len(ids))
        ids += word
    last = max_length - 1
    if len(ids) > last:
        positions = [p for p in positions if p < last]
    return Placed([*ids[:last], pieces.sep_id], positions)


def released_cut(pieces: Pieces, max_length: int) -> Placed:
    """Keep what the released code keeps.

    Before each word it adds the number of the sentence's words, not that of
    the word's pieces, to what it has, to see whether there is room.

    Raises:
        DataError: where the released code crashes.
    """
    ids, positions = [], []
    words = [[pieces.cls_id], *pieces.words, [pieces.sep_id]]
    labelled = [False, *pieces.labelled, False]
    for word, has_label in zip(words, labelled, strict=True):
        if len(words) + len(ids) + 1 > max_length:
            ids.append(pieces.sep_id)
            break
        if has_label:
            positions.append(len(ids))
        ids += word
    if len(ids) > max_length:
        raise DataError(
            f"A sentence has {len(ids)} tokens after the released code's "
            f"cut; expected at most max_seq_length {max_length}. Turn off "
            "released_tagging."
        )
    return Placed(ids, positions)


def all_parts(pieces: Pieces, max_length: int) -> list[Placed]:
    """Cut a sentence between words into as many inputs as it takes.

    A word that does not fit into an input of its own loses its last pieces.
    """
    room = max_length - 2
    parts, ids, positions = [], [], []
    for word in pieces.words:
        word = word[:room]
        if len(ids) + len(word) > room:
            parts.append((ids, positions))
            ids, positions = [], []
        positions.append(len(ids) + 1)
        ids = ids + word
    return [
        Placed([pieces.cls_id, *ids, pieces.sep_id], positions)
        for ids, positions in (*parts, (ids, positions))
    ]
