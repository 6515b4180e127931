"""Sentences: lines cut into them, and the ids of those of many documents.

Lines are cut by the rules of Unicode (icu4py), which hold for all scripts: a
sentence ends after its full stop, question or exclamation mark in whatever
form, unless what follows begins in lower case. ICU has lists of abbreviations
that end none, in some languages.

Source: https://www.unicode.org/reports/tr29/#Sentence_Boundaries
"""

import functools
import itertools
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from data_prep.command_line import not_installed
from data_prep.examples.example_builder import RandomInputs, random_inputs_of
from electra_tf.errors import UserError

# Enough for the arrays of an encoder, and few enough for a processor's cache.
CHARACTERS_AT_ONCE = 1 << 15

_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"
_BEYOND_FIRST_PLANE = "\U0001f600"
_UTF_16 = "utf-16-le"
_BYTES_PER_UNIT = 2

# What a locale may say of abbreviations.
_ENDS = ({}, {"ss": "standard"}, {"ss": "none"})

# The languages of two letters that ICU 78 lists, and below those that others
# took the place of.
_LISTED = """
aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce
ch co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo
fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik
io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb
lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl
nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc
sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tn
to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
_REPLACED = "bh in iw ji jw mo sh tl"
_LANGUAGES = frozenset(f"{_LISTED} {_REPLACED}".split())

Encode = Callable[[Sequence[str]], list[str]]


def _breaker():
    try:
        from icu4py.breakers import SentenceBreaker
    except ImportError:
        flag = "--split_sentences"
        raise not_installed(flag, "icu4py", "sentences") from None
    return SentenceBreaker


def check(name: str) -> None:
    """Raise a `UserError` unless sentences can be told apart by a locale.

    ICU takes any name, and goes by root's rules where it knows none. It has
    none for languages that have three letters alone, so that is told of these.
    """
    _breaker()
    from icu4py.locale import Locale

    found = Locale(name)
    language, ends = found.language, found.extensions
    has_three = len(language) == 3 and language.isascii() and language.isalpha()
    right = name == "root" or language in _LANGUAGES or has_three
    if not right or found.variant or ends not in _ENDS:
        raise UserError(
            "--split_sentences must be root, a language by its code of ISO 639"
            " as in en or de_AT, or one with its abbreviations as in"
            f" en-u-ss-standard. Received: {name!r}."
        )
    if has_three:
        print(
            f"--split_sentences={name}: no rules are known for {language!r}."
            " Sentences end by those of root."
        )


def split_lines(lines: Iterable[str], name: str) -> Iterator[str]:
    """Yield the sentences of lines, without the white space around them.

    No sentence goes on in the next line. A locale is "root", "en" or
    "de-u-ss-standard", say.

    >>> lines = ["Is he lost? Mr. Fox is.", "\u8ff7\u3002\u8def\u3002"]
    >>> list(split_lines(lines, "en-u-ss-standard"))
    ['Is he lost?', 'Mr. Fox is.', '\u8ff7\u3002', '\u8def\u3002']
    """
    split = _splitter(name)
    for line in lines:
        yield from filter(None, map(str.strip, split(line)))


@functools.cache
def _splitter(name: str) -> Callable[[str], list[str]]:
    breaker = _breaker()
    # Versions of icu4py differ in whether they count characters or the units
    # of UTF-16, of which some characters have two.
    ((_, size),) = breaker(_BEYOND_FIRST_PLANE, name).segments()
    counts_units = size > 1

    def split(line: str) -> list[str]:
        # ICU takes no halves of characters, which JSON may have.
        whole = _SURROGATE.sub(_REPLACEMENT, line)
        segments = breaker(whole, name).segments()
        if counts_units and max(line, default="") >= "\U00010000":
            units = line.encode(_UTF_16, "surrogatepass")
            return [
                units[_BYTES_PER_UNIT * a : _BYTES_PER_UNIT * b].decode(
                    _UTF_16, "surrogatepass"
                )
                for a, b in segments
            ]
        return [line[a:b] for a, b in segments]

    return split


def encode_documents(
    documents: Iterable[Iterable[str]], encode: Encode, seed: int
) -> Iterator[tuple[RandomInputs, Iterator[str]]]:
    """Yield the random inputs of each document, and the ids of its lines.

    The latter are to be used up before the next document is asked for. A
    document without a line has one without ids.

    >>> encode = lambda lines: list(map(str.upper, lines))
    >>> found = encode_documents([["a", "b"], [], ["c"]], encode, seed=0)
    >>> [list(sentences) for _, sentences in found]
    [['A', 'B'], [''], ['C']]
    """
    sentences = _encoded(_lines(documents, seed), encode)
    for inputs, group in itertools.groupby(sentences, operator.itemgetter(0)):
        yield inputs, map(operator.itemgetter(1), group)


def _lines(documents, seed) -> Iterator[tuple[RandomInputs, str]]:
    """Yield all lines, each with the random inputs of its document."""
    for document in documents:
        inputs, lines = random_inputs_of(document, seed)
        is_empty = True
        for line in lines:
            is_empty = False
            yield inputs, line
        if is_empty:
            yield inputs, ""


def _encoded(lines, encode: Encode) -> Iterator[tuple[RandomInputs, str]]:
    """Put the ids of each line in its place."""
    waiting, size = [], 0
    for line in lines:
        waiting.append(line)
        size += len(line[1])
        if size >= CHARACTERS_AT_ONCE:
            yield from _encoded_at_once(waiting, encode)
            waiting, size = [], 0
    yield from _encoded_at_once(waiting, encode)


def _encoded_at_once(
    lines, encode: Encode
) -> Iterator[tuple[RandomInputs, str]]:
    encoded = encode([line for _, line in lines])
    for (inputs, _), ids in zip(lines, encoded, strict=True):
        yield inputs, ids
