"""Tags of words, the spans they stand for, and how files write them.

A tag is O, outside of all spans, or a position and the type of its span, as
in B-PER. Files write positions in one of these schemes:

    IOB1    B only where a span follows another one of its type
    IOB2    B at every beginning, I inside
    IOBES   also E at the end, and S for single words (BIOES, BILOU, BMEWO)
    words   no spans: tags of single words, as parts of speech

and put a tag together in a `tag_notation.Notation`: B-PER, B_PER, PER-B, or B
alone.

Spans are decoded as seqeval scores them, or as the released code reads them:
there a span begins at B or S, or where I or E follow O; it goes on through all
I and E that follow, and has the type of its last tag. No TensorFlow.

Reference: Ramshaw and Marcus, 1995, https://arxiv.org/abs/cmp-lg/9505040
"""

import typing
from collections.abc import Callable, Iterable

from electra_tf.errors import UserError
from electra_tf.finetuning.tasks.tagging.sentence_files import Sentence
from electra_tf.finetuning.tasks.task import DataError
from electra_tf.text import tag_notation
from electra_tf.text.tag_notation import (
    OTHER_LETTERS,
    OUTSIDE,
    POSITIONS,
    joined,
)

_BEGINS, _CONTINUES = "BS", "IE"


class Span(typing.NamedTuple):
    """Words that belong together, by the numbers of the first and the last."""

    first: int
    last: int
    type: str


def decoded(tags) -> list[Span]:
    """Return the spans of a sentence's tags.

    >>> decoded(["B-NP", "E-NP", "O", "S-VP"])
    [Span(first=0, last=1, type='NP'), Span(first=3, last=3, type='VP')]

    Raises:
        UserError: for what is no tag.
    """
    spans: list[Span] = []
    inside = False
    for number, tag in enumerate(tags):
        position, kind = _parts(tag)
        if inside and position in _CONTINUES:
            spans[-1] = Span(spans[-1].first, number, kind)
        elif position != OUTSIDE:
            spans.append(Span(number, number, kind))
        inside = position != OUTSIDE
    return spans


def _parts(tag: str) -> tuple[str, str]:
    if tag == OUTSIDE:
        return OUTSIDE, ""
    position, hyphen, kind = tag.partition("-")
    if not hyphen or position not in (*_BEGINS, *_CONTINUES):
        raise UserError(
            f"{tag!r} is no tag; expected {OUTSIDE}, or one of B-, I-, E- and "
            "S- followed by a type, as in B-NP."
        )
    return position, kind


def bioes(tags) -> list[str]:
    """Return the same spans in BIOES tags, which say where spans end.

    >>> bioes(["B-NP", "I-NP", "O", "I-VP"])
    ['B-NP', 'E-NP', 'O', 'S-VP']
    """
    encoded = [OUTSIDE] * len(tags)
    for span in decoded(tags):
        inside = span.last - span.first - 1
        positions = ["S"] if inside < 0 else ["B", *"I" * inside, "E"]
        encoded[span.first : span.last + 1] = [
            f"{position}-{span.type}" for position in positions
        ]
    return encoded


def entities(tags) -> list[Span]:
    """Return the spans of a sentence's tags as they are scored.

    Another type begins another span, as in seqeval and conlleval.

    >>> entities(["B-PER", "I-LOC", "O", "B"])  # doctest: +NORMALIZE_WHITESPACE
    [Span(first=0, last=0, type='PER'), Span(first=1, last=1, type='LOC'),
    Span(first=3, last=3, type='')]
    """
    # Packages for one job are imported where it is done.
    from seqeval.metrics.sequence_labeling import get_entities

    return [
        Span(first, last, "" if kind == "_" else kind)
        for kind, first, last in get_entities(list(tags))
    ]


# From tags to spans, by the name that fine-tuned models keep.
SPAN_RULES: dict[str, Callable] = {
    "released": decoded,
    "entities": entities,
    "words": lambda tags: [],
}


def span_rule(name: str, labels: Iterable[str]) -> Callable:
    """Return a row of `SPAN_RULES` for tags as a model's labels write them.

    Labels that are of no span, where others are, stand outside of all.

    >>> rule = span_rule("entities", ["O", "PER_B", "PER_L", "PER_U"])
    >>> rule(["PER_U", "PER_U"])  # doctest: +NORMALIZE_WHITESPACE
    [Span(first=0, last=0, type='PER'), Span(first=1, last=1, type='PER')]
    """
    if name != "entities":
        return SPAN_RULES[name]
    labels = [*labels]
    notation, odd = tag_notation.of_labels(labels)
    if notation is None:
        return SPAN_RULES["words"]
    written = [OUTSIDE if n in odd else notation.written(n) for n in labels]
    learnt = dict(zip(labels, IOBES.learnt_as(written), strict=True))
    return lambda tags: entities([learnt[tag] for tag in tags])


class Scheme(typing.NamedTuple):
    """A way to write spans."""

    name: str  # As in the list above.
    # The letters that a type may have; none for tags of single words.
    positions: str
    # Function from a sentence's tags to those that are learnt.
    learnt_as: Callable[[list[str]], list[str]]
    example: str = ""  # How a tag of the file is learnt, if otherwise.


def _as_iob2(tags: list[str]) -> list[str]:
    """Begin every span with B.

    >>> _as_iob2(["I-PER", "I-PER", "B-PER", "O", "I-LOC"])
    ['B-PER', 'I-PER', 'B-PER', 'O', 'B-LOC']
    """
    found, before = [], OUTSIDE
    for tag in tags:
        goes_on = before != OUTSIDE and before[1:] == tag[1:]
        begins = tag[0] == "I" and tag[1:2] in ("", "-") and not goes_on
        found.append(f"B{tag[1:]}" if begins else tag)
        before = tag
    return found


def _as_iobes(tags: list[str]) -> list[str]:
    """Write the letters of BILOU and BMEWO as those of IOBES.

    >>> _as_iobes(["B-PER", "L-PER", "O", "U"])
    ['B-PER', 'E-PER', 'O', 'S']
    """
    return [
        OTHER_LETTERS.get(tag[0], tag[0]) + tag[1:]
        if tag[0] in POSITIONS and tag[1:2] in ("", "-")
        else tag
        for tag in tags
    ]


IOB1 = Scheme("IOB1", "BI", _as_iob2)
IOB2 = Scheme("IOB2", "BI", list)
IOBES = Scheme("IOBES", "BIES", _as_iobes)
WORDS = Scheme("words", "", list)


def detected(sentences: list[Sentence]) -> Scheme:
    """Return the scheme of the training data's tags.

    Raises:
        DataError: when some tags are of spans and others are not.
    """
    tags = {tag for sentence in sentences for tag in sentence.tags}
    of_spans = {tag for tag in tags if tag.upper() != OUTSIDE}
    notation = tag_notation.of_all(of_spans)
    if notation is None:
        _check_none_of_spans(sentences, of_spans)
        return WORDS
    written = [[*map(notation.written, s.tags)] for s in sentences]
    if any(tag[0] not in "BIO" for row in written for tag in row):
        scheme = IOBES
    else:
        begun = all(_as_iob2(row) == row for row in written)
        scheme = IOB2 if begun else IOB1
    other = next((t for t in sorted(tags) if notation.written(t) != t), None)
    if other is None:
        return scheme
    return scheme._replace(
        learnt_as=lambda row: scheme.learnt_as([*map(notation.written, row)]),
        example=f"{other!r} is learnt as {notation.written(other)!r}",
    )


def _check_none_of_spans(sentences: list[Sentence], tags: set[str]) -> None:
    """Refuse tags of which only some speak of spans.

    Without a hyphen they do where a type both begins and goes on.
    """
    for notation in tag_notation.NOTATIONS[:-1]:
        of_spans = {tag for tag in tags if notation.parts(tag)}
        parts = {notation.parts(tag) for tag in of_spans}
        both = any(p == "I" and ("B", kind) in parts for p, kind in parts)
        if of_spans and (notation == tag_notation.NOTATIONS[0] or both):
            odd = first_of(sentences, (tags - of_spans).__contains__)
            raise DataError(
                f"{odd[0]}: the tag {odd[1]!r} has no position such as B- or "
                f"I-, but others have, {min(of_spans)!r} for instance. Give "
                "all tags one, or none."
            )


def first_of(
    sentences: list[Sentence], is_wrong: Callable[[str], bool]
) -> tuple[str, str] | None:
    """Return the place and the tag of the first one that is wrong, if any."""
    for sentence in sentences:
        words = zip(sentence.words, sentence.tags, strict=True)
        for number, (word, tag) in enumerate(words, 1):
            if is_wrong(tag):
                return f"{sentence.where}, word {number} {word!r}", tag
    return None


def all_tags(scheme: Scheme, sentences: list[Sentence]) -> tuple[str, ...]:
    """Return the tags to learn: O, and all positions of the types found.

    A type has all positions, because its longest spans may come later.

    >>> all_tags(IOB2, [Sentence(0, ["x"], ["B-PER"])])
    ('O', 'B-PER', 'I-PER')
    """
    tags = {tag for sentence in sentences for tag in sentence.tags}
    if not scheme.positions:
        return tuple(sorted(tags))
    types = sorted({tag[2:] for tag in tags - {OUTSIDE}})
    spans = [joined(p, kind) for kind in types for p in scheme.positions]
    return OUTSIDE, *spans
