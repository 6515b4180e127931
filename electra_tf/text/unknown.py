"""How much of a text is unknown to a tokenizer, why, and what helps.

A piece [UNK] says nothing of the text. Programs that read texts count these
among the tokens that they keep, and warn where there are many.
"""

import sys
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from electra_tf.text.tokenization import Tokenizer, WordPieces, is_cjk
from electra_tf.text.vocabulary import SPECIAL_TOKENS

WORTH_A_WARNING = 0.01
# The share of tokens from which on a vocabulary is of another kind of text.
OFTEN = 0.05
# How many unknown tokens say something of batches that go on coming.
_ENOUGH = 10
# Characters of a word that is shown.
_MOST_SHOWN = 30
_LEARN = (
    "Learn a vocabulary from this text with python -m data_prep.build_vocab"
)


class Counts(NamedTuple):
    """How many tokens of texts there are, and how many of them are [UNK].

    >>> print(Counts(200, 3) + Counts(100, 0))
    3 tokens are [UNK], 1.00% of those
    >>> print(Counts(200, 1), "|", Counts(200))
    1 token is [UNK], 0.50% of those | no token is [UNK] of the 200
    """

    tokens: int = 0
    unknown: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.tokens + other[0], self.unknown + other[1])

    def __sub__(self, other: "Counts") -> "Counts":
        return Counts(self.tokens - other[0], self.unknown - other[1])

    def __str__(self) -> str:
        if not self.unknown:
            return f"no token is [UNK] of the {self.tokens}"
        are = "token is" if self.unknown == 1 else "tokens are"
        return f"{self.unknown} {are} [UNK], {self.share:.2%} of those"

    @property
    def share(self) -> float:
        """The share of [UNK]."""
        return self.unknown / max(self.tokens, 1)


NO_TOKENS = Counts()


def counts_of(ids: Iterable[int], tokenizer: Tokenizer) -> Counts:
    """Count the ids of inputs, but for padding, [CLS] and the like."""
    ids = np.asarray(ids, np.int64).ravel()
    return counts_by_id(np.bincount(ids, minlength=5), tokenizer)


def counts_by_id(numbers: np.ndarray, tokenizer: Tokenizer) -> Counts:
    """Count tokens, given how often each id comes, `(V,)`."""
    added = [tokenizer.pad_id, tokenizer.cls_id, tokenizer.sep_id]
    added = [number for number in added if number < len(numbers)]
    unknown = tokenizer.unk_id
    return Counts(
        int(numbers.sum() - numbers[added].sum()),
        int(numbers[unknown]) if unknown < len(numbers) else 0,
    )


def report(
    counts: Counts,
    tokenizer: Tokenizer,
    where: str,
    words: Iterable[str] | None = None,
) -> list[str]:
    """Return what to say of the unknown tokens: a line, and perhaps a warning.

    It warns where they are many, or the vocabulary is of other settings.

    Args:
        counts: Of the tokens that are kept.
        tokenizer: What made them.
        where: What they are the tokens of, "in examples", say.
        words: Some that are [UNK]; by default those the tokenizer met.
    """
    lines = [f"{counts} {where}"]
    if many := many_unknown(counts, tokenizer, words):
        lines.append(f"Warning: {many}")
    elif never := _never_met(tokenizer):
        lines.append(f"Warning: {never}")
    return lines


def many_unknown(
    counts: Counts, tokenizer: Tokenizer, words: Iterable[str] | None = None
) -> str | None:
    """Return what `report` warns of where many tokens are unknown, or None."""
    if counts.share < WORTH_A_WARNING:
        return None
    if words is None:
        words = tokenizer.pieces.unknown_words
    return (
        f"{counts.share:.0%} of the tokens are [UNK], which says nothing of "
        f"the text. {' '.join(reasons(tokenizer, words))}"
    )


class Watch:
    """Counts batches that come one by one, and warns once.

    Args:
        tokenizer: What makes their ids.
    """

    def __init__(self, tokenizer: Tokenizer):
        self._tokenizer = tokenizer
        self._counts = NO_TOKENS
        self._has_warned = False

    def add(self, ids: np.ndarray) -> str | None:
        """Count a batch; return what to warn of the first time, or None."""
        if self._has_warned:
            return None
        self._counts += counts_of(ids, self._tokenizer)
        if self._counts.unknown < _ENOUGH:
            return None
        many = many_unknown(self._counts, self._tokenizer)
        self._has_warned = many is not None
        return many


def warn(program: str, counts: Counts, tokenizer: Tokenizer) -> None:
    """Print to standard error what `report` warns of in a program's input."""
    for line in report(counts, tokenizer, "of the input")[1:]:
        print(f"{program}: {line}", file=sys.stderr)


def reasons(tokenizer: Tokenizer, words: Iterable[str]) -> list[str]:
    """Say why words are unknown, the most frequent reason first.

    Args:
        tokenizer: To it they are unknown.
        words: Some of them; without any the vocabulary alone is looked at.
    """
    if never := _never_met(tokenizer):
        return [never]
    if not tokenizer.do_lower_case and not any(map(_is_upper, tokenizer.vocab)):
        return [
            "No token of the vocabulary has a capital, and the text is not "
            "lower-cased. Set --do_lower_case."
        ]
    explain = _Explainer(tokenizer)
    found: dict[str, list[str]] = {}
    for word in dict.fromkeys(words):
        found.setdefault(explain(word), []).append(word)
    by_number = sorted(found.items(), key=lambda item: -len(item[1]))
    total = sum(map(len, found.values()))
    frequent = [item for item in by_number if len(item[1]) >= OFTEN * total]
    return [
        f"{len(some)} of {total} different words that are [UNK] "
        f"{_TEXTS[reason]}, such as {_shown(some[0])}. "
        f"{_remedy(reason, tokenizer)}."
        for reason, some in frequent
    ] or [f"The vocabulary is not of this text. {_LEARN}."]


_TEXTS = {
    "long": "are longer than max_input_chars_per_word",
    "case": "would be known with other capitals",
    "accents": "would be known without accents",
    "ideographs": "would be known cut at each Chinese character",
    "characters": "have characters that the vocabulary lacks",
    "pieces": "are of characters that no pieces of the vocabulary join",
}


def _remedy(reason: str, tokenizer: Tokenizer) -> str:
    lower = tokenizer.do_lower_case
    return {
        "long": (
            "Put blanks into them, or set --max_input_chars_per_word "
            f"(here {tokenizer.config.max_input_chars_per_word}) for the "
            "records and all that is trained on them"
        ),
        "case": f"Set --{'no' * lower}do_lower_case",
        "accents": "Set --strip_accents",
        "ideographs": "Set --tokenize_chinese_chars",
    }.get(reason, _LEARN)


def _shown(word: str) -> str:
    if len(word) <= _MOST_SHOWN:
        return repr(word)
    return f"{word[:_MOST_SHOWN]!r}..."


class _Explainer:
    """Says for a word why it is unknown: a key of `_TEXTS`."""

    def __init__(self, tokenizer: Tokenizer):
        self._config = tokenizer.config
        self._unk_id = tokenizer.unk_id
        # Of its own, for it remembers what it is asked.
        longest = self._config.max_input_chars_per_word
        self._cut = WordPieces(tokenizer.vocab, tokenizer.unk_id, longest)
        self._known = {c for token in tokenizer.vocab for c in token}

    def __call__(self, word: str) -> str:
        config = self._config
        if len(word) > config.max_input_chars_per_word:
            return "long"
        if config.do_lower_case:
            others = [word.capitalize(), word.upper()]
        else:
            others = [word.lower()]
        if any(map(self._is_known, others)):
            return "case"
        bare = (c for c in _nfd(word) if unicodedata.category(c) != "Mn")
        if not config.strip_accents and self._is_known("".join(bare)):
            return "accents"
        if not config.tokenize_chinese_chars and self._is_known_apart(word):
            return "ideographs"
        return "pieces" if set(word) <= self._known else "characters"

    def _is_known(self, word: str) -> bool:
        return self._unk_id not in self._cut(word)

    def _is_known_apart(self, word: str) -> bool:
        apart = "".join(f" {c} " if is_cjk(ord(c)) else c for c in word)
        return all(map(self._is_known, apart.split()))


def _nfd(word: str) -> str:
    return unicodedata.normalize("NFD", word)


def _is_upper(token: str) -> bool:
    return token not in SPECIAL_TOKENS and token != token.lower()


# What tokens of a vocabulary have, by the setting that takes it from texts.
_TAKEN = {
    "do_lower_case": (
        _is_upper,
        "capitals, such as {}, and the text is lower-cased",
    ),
    "strip_accents": (
        lambda token: (
            not token.isascii()
            and any(unicodedata.category(c) == "Mn" for c in _nfd(token))
        ),
        "accents, such as {}, and they are removed from the text",
    ),
    "tokenize_chinese_chars": (
        lambda token: (
            not token.isascii() and sum(is_cjk(ord(c)) for c in token) > 1
        ),
        "several Chinese characters, such as {}, and the text is cut at each",
    ),
}


def _never_met(tokenizer: Tokenizer) -> str | None:
    """Say which tokens no text can give by the settings, if many cannot."""
    tokens = {*tokenizer.vocab} - {"", *SPECIAL_TOKENS}
    for setting, (has, text) in _TAKEN.items():
        if not getattr(tokenizer.config, setting):
            continue
        some = list(filter(has, tokens))
        if len(some) > OFTEN * len(tokens):
            return (
                f"{len(some)} of {len(tokens)} tokens of the vocabulary have "
                f"{text.format(repr(min(some)))}. Set --no{setting}."
            )
    return None
