"""Texts in, tagged words and the spans they form out; no TensorFlow."""

import functools
import typing
import unicodedata

import numpy as np
from absl import logging
from scipy import special

from electra_tf.errors import UserError
from electra_tf.finetuning.tasks import spans
from electra_tf.finetuning.tasks.tagging import tag_schemes
from electra_tf.finetuning.tasks.tagging.word_pieces import (
    basic_tokenizer,
    pieces_of_words,
)
from electra_tf.text import scripts
from electra_tf.text.tokenization import BasicTokenizer

BASIC = BasicTokenizer()
# Windows begin this part of their room after one another.
STRIDES_PER_WINDOW = 2


class Word(typing.NamedTuple):
    """A word of a text, from its character `begin` to before `end`.

    Words that were given as a list have no places.
    """

    text: str
    begin: int | None = None
    end: int | None = None


class TagAnswers:
    """Makes the inputs of a text, and reads the tags of its words.

    A text that does not fit is cut into windows that overlap; a word's tag is
    that of the window with the most context around it.
    """

    fields = ("text",)
    optional = ("words",)
    texts = in_line = ("text",)

    def __init__(self, task, settings, tokenizer):
        self.task = task
        self.settings = settings
        self.tokenizer = tokenizer
        self._basic = basic_tokenizer(
            tokenizer, task.lower_case_words, task.splits_ideographs
        )
        self._span_rule = tag_schemes.span_rule(task.span_rule, task.labels)

    def inputs(self, row: dict) -> list[dict]:
        """Return the windows of a row.

        Each has `positions`, where the words begin that it is to tag, `words`,
        their numbers, and `all` the words of the text, besides input_ids and
        segment_ids.
        """
        words = (
            [Word(word) for word in row["words"]]
            if row.get("words") is not None
            else split(row["text"], self._basic)
        )
        tokenizer, ids, firsts = self.tokenizer, [], []
        texts = [word.text for word in words]
        for pieces in pieces_of_words(texts, tokenizer, self._basic).words:
            firsts.append(len(ids))
            ids += pieces
        room = self.settings.max_seq_length - 2
        stride = max(room // STRIDES_PER_WINDOW, 1)
        # One for no pieces at all.
        cut = spans.spans(len(ids), room, stride) or [spans.Span(0, 0)]
        best = spans.windows_with_most_context(cut, len(ids))
        found = []
        for number, span in enumerate(cut):
            inside = ids[span.start : span.end]
            here = [
                w for w, first in enumerate(firsts) if best[first] == number
            ]
            found.append(
                {
                    "input_ids": [tokenizer.cls_id, *inside, tokenizer.sep_id],
                    "segment_ids": [self.task.segment] * (len(inside) + 2),
                    "positions": [1 + firsts[w] - span.start for w in here],
                    "words": here,
                    "all": words,
                }
            )
        return found

    def answer(self, row: dict, inputs: list[dict], outputs: list) -> dict:
        """Return tags and spans, from all windows and their outputs."""
        words = inputs[0]["all"]
        tags = [""] * len(words)
        sure = [0.0] * len(words)
        for window, output in zip(inputs, outputs, strict=True):
            for place, word in enumerate(window["words"]):
                logits = np.asarray(output["logits"][place], np.float64)
                sure[word] = float(special.softmax(logits).max())
                tags[word] = self.task.labels[int(logits.argmax())]
        return {
            "tags": [
                {**_placed(word), "tag": tag, "probability": share}
                for word, tag, share in zip(words, tags, sure, strict=True)
            ],
            "spans": self._spans(row, words, tags),
        }

    def _spans(self, row: dict, words: list[Word], tags: list[str]) -> list:
        """Return the spans of the tags, if they speak of spans."""
        try:
            found = self._span_rule(tags)
        except UserError:
            return []  # Tags of single words, as parts of speech.
        return [
            {"type": s.type, **_joined(row, words[s.first : s.last + 1], s)}
            for s in found
        ]


def _placed(word: Word) -> dict:
    if word.begin is None:
        return {"word": word.text}
    return {"word": word.text, "begin": word.begin, "end": word.end}


def _joined(row: dict, words: list[Word], span) -> dict:
    """Say where a span is: in the text, or among the words given."""
    if words[0].begin is None:
        return {
            "text": " ".join(word.text for word in words),
            "first_word": span.first,
            "last_word": span.last,
        }
    begin, end = words[0].begin, words[-1].end
    return {"text": row["text"][begin:end], "begin": begin, "end": end}


def split(text: str, basic: BasicTokenizer = BASIC) -> list[Word]:
    """Cut a text at spaces, and around each punctuation mark and symbol.

    Ideographs are words where the tokenizer has them so; other scripts that
    put no blanks between words are cut by ICU. Accents belong to what is
    before them; what the tokenizer drops neither begins nor ends a word.

    >>> [word.text for word in split("Mr. Smith paid 5$.")]
    ['Mr', '.', 'Smith', 'paid', '5', '$', '.']
    """
    words: list[Word] = []
    inside, begins = False, _begins(text, basic)
    for place, character in enumerate(text):
        cleaned = basic.cleaning[ord(character)]
        if character.isspace():
            inside = False
        elif cleaned is not None:
            kind = unicodedata.category(character)[0]
            alone = cleaned != character or kind in "PS"
            is_accent = kind == "M" and words and words[-1].end == place
            begin = place
            if (inside and not alone and place not in begins) or is_accent:
                begin = words.pop().begin
            words.append(Word(text[begin : place + 1], begin, place + 1))
            inside = not alone and (inside or not is_accent)
    return words


def _begins(text: str, basic: BasicTokenizer) -> set[int]:
    """Return where words begin in what only a dictionary can cut."""
    runs = [
        run
        for run in scripts.RUN.finditer(text)
        if any(basic.cleaning[ord(letter)] == letter for letter in run[0])
    ]
    if runs and not scripts.word_breaker():
        _tell_of_dictionary()
        return set()
    return {
        run.start() + place
        for run in runs
        for word in scripts.words_of_run(run[0])
        for place in word
    }


@functools.cache
def _tell_of_dictionary() -> None:
    """Say once that running text is not cut as it should be."""
    logging.warning(
        "The package icu4py is not installed (`pip install "
        "'electra_tf[sentences]'`): text without blanks between words is cut "
        "at blanks only. Install it, or give lists of words."
    )
