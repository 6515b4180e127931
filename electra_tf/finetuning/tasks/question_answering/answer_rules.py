"""Rules by which answers are compared.

`SQUAD_1` and `SQUAD_2` are those of SQuAD's scripts. The others lower-case, and
strip the punctuation of all scripts and all symbols of ASCII. What is left
counts in words between blanks; in scripts that put no blanks between words
each character counts as one.

References: Lewis et al., 2020, MLQA, https://arxiv.org/abs/1910.07475; Cui et
al., 2019, CMRC 2018, https://arxiv.org/abs/1810.07366
"""

import collections
import re
import string
import typing
import unicodedata
from collections.abc import Callable, Sequence

from electra_tf.text.scripts import UNIT, WITHOUT_BLANKS

_UNIT = re.compile(UNIT)
_WITHOUT_BLANKS = re.compile(f"[{WITHOUT_BLANKS}]")


def is_without_blanks(answer: str) -> bool:
    """Return whether most letters put no blanks between words.

    >>> is_without_blanks("2008年北京"), is_without_blanks("Beijing 2008")
    (True, False)
    """
    letters = "".join(filter(str.isalpha, answer))
    return 2 * len(_WITHOUT_BLANKS.findall(letters)) > len(letters)


def in_common(words: Sequence[str], others: Sequence[str]) -> int:
    """Return how many words two answers have in common, in any order.

    >>> in_common("abca", "aab")
    3
    """
    return (collections.Counter(words) & collections.Counter(others)).total()


def longest_run(words: Sequence[str], others: Sequence[str]) -> int:
    """Return the length of the longest run of words that both answers have.

    >>> longest_run("abcd", "xbcyd")
    2
    """
    longest, ends = 0, [0] * (len(others) + 1)
    for word in words:
        ends = [
            0,
            *(
                n + 1 if word == other else 0
                for n, other in zip(ends[:-1], others, strict=True)
            ),
        ]
        longest = max(longest, *ends)
    return longest


def _is_punctuation(character: str) -> bool:
    return (
        character in string.punctuation
        or unicodedata.category(character)[0] == "P"
    )


class Rules(typing.NamedTuple):
    """How two answers are compared."""

    # What is no part of an answer, as a regular expression.
    articles: str = ""
    is_punctuation: Callable[[str], bool] = _is_punctuation
    split: Callable[[str], list[str]] = _UNIT.findall
    shared: Callable[[Sequence[str], Sequence[str]], int] = in_common
    # Whether an answer without a word is right where no right one has any.
    has_no_answer: bool = True

    def words(self, answer: str) -> list[str]:
        """Return what is compared of an answer.

        >>> RULES["mlqa_de"].words("Der König 1712-1786")
        ['könig', '17121786']
        >>> RULES["characters"].words("《三国》2.0")
        ['三', '国', '20']
        """
        text = "".join(c for c in answer.lower() if not self.is_punctuation(c))
        if self.articles:
            text = re.sub(self.articles, " ", text)
        return self.split(text)

    def scores(self, golds: list[str], answer: str) -> tuple[float, float]:
        """Return exact match and F1, from 0 to 1, by the best right answer.

        Where no right answer has a word, one without any is right, as in
        SQuAD 2.0.
        """
        found = self.words(answer)
        right = [*map(self.words, golds)]
        if self.has_no_answer:
            right = [words for words in right if words] or [[]]
        exact = float(found in right)
        return exact, max(self._f1(words, found) for words in right)

    def _f1(self, right: list[str], found: list[str]) -> float:
        if not right or not found:
            return float(self.has_no_answer and right == found)
        return 2 * self.shared(right, found) / (len(right) + len(found))


def _words(words: str) -> str:
    return rf"\b({'|'.join(words.split())})\b"


# SQuAD knows ASCII's punctuation alone.
SQUAD_2 = Rules(
    articles=_words("a an the"),
    is_punctuation=lambda character: character in string.punctuation,
    split=str.split,
)
SQUAD_1 = SQUAD_2._replace(has_no_answer=False)
# `mlqa_` rows are those of MLQA by the language of the answer; it takes the
# Arabic article for one wherever its letters stand.
RULES = {
    "characters": Rules(),
    "cmrc2018": Rules(shared=longest_run),
    "mlqa_ar": Rules("\u0627\u0644"),
    "mlqa_de": Rules(
        _words("ein eine einen einem eines einer der die das den dem des")
    ),
    "mlqa_en": Rules(_words("a an the")),
    "mlqa_es": Rules(_words("un una unos unas el la los las")),
    "mlqa_hi": Rules(),
    "mlqa_vi": Rules(_words("của là cái chiếc những")),
    "mlqa_zh": Rules(),
}
