"""Scripts that put no blanks between words."""

import functools
import re

# Ranges for a regular expression: Thai and Lao, Burmese, Khmer, kana,
# ideographs.
_OF_16_BITS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
)
# Tibetan, Tai Le to Tai Tham, Balinese, Javanese, Cham to Tai Viet: of these
# ICU has no dictionaries.
_UNKNOWN_TO_ICU = (
    "\u0f00-\u0fff\u1950-\u19df\u1a20-\u1aad\u1b00-\u1b7f\ua980-\ua9ff"
    "\uaa00-\uaadf"
)
WITHOUT_BLANKS = f"{_OF_16_BITS}{_UNKNOWN_TO_ICU}\U00020000-\U0003ffff"
# A character of such a script, or a word of another one.
UNIT = rf"[{WITHOUT_BLANKS}]|[^\s{WITHOUT_BLANKS}]+"
# Versions of icu4py differ in how they count the characters beyond 16 bits.
RUN = re.compile(f"[{_OF_16_BITS}]+")


@functools.cache
def word_breaker():
    """Return icu4py's `WordBreaker`; None where it is not installed."""
    try:
        from icu4py.breakers import WordBreaker
    except ImportError:
        return None
    return WordBreaker


def words_of_run(run: str) -> list[tuple[int, int]]:
    """Return where words begin and end in what `RUN` matches.

    They are those of ICU's dictionaries; `word_breaker` must be there.

    >>> words_of_run("\u79c1\u306f\u5317\u4eac\u306b")
    [(0, 1), (1, 2), (2, 4), (4, 5)]
    """
    return list(word_breaker()(run, "root").segments())


def words_apart(text: str) -> str:
    """Put blanks between the words of runs.

    >>> words_apart("A4\u3067\u5317\u4eac").split()
    ['A4', '\u3067', '\u5317\u4eac']
    """

    def apart(run: re.Match) -> str:
        words = (run[0][begin:end] for begin, end in words_of_run(run[0]))
        return f" {' '.join(words)} "

    return RUN.sub(apart, text)
