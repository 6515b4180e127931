"""Pieces have their places in the text as it was given."""

import random
import unicodedata

import pytest

from electra_tf.text.offsets import OffsetTokenizer, words
from electra_tf.text.tokenization import Tokenizer

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SETTINGS = [
    (True, None),
    (True, False),
    (False, None),
    (True, None, False, 5),
    (False, None, False),
]
# Scripts whose cleaning, case or accents change the length of a text.
RANGES = (
    (0x20, 0x7F),
    (0xA0, 0x250),
    (0x300, 0x370),
    (0x370, 0x400),
    (0x590, 0x700),
    (0x900, 0x980),
    (0xE00, 0xE80),
    (0x1100, 0x1200),
    (0x2000, 0x2070),
    (0x3000, 0x3100),
    (0x4E00, 0x4F00),
    (0xAC00, 0xB000),
    (0x1D160, 0x1D180),
    (0xFB00, 0xFB50),
)
ODD = "\u0130\u03a3\u03c3\u03c2\u200d\xad\ufeff\ufffd\0\x1c\x85\u2028\ud800"
FILMS = [("film", 1, 6), ("##s", 6, 7)]
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(scope="module")
def vocab_file(tmp_path_factory) -> str:
    """All letters of the scripts above, at the start and further on."""
    letters = {chr(code) for low, high in RANGES for code in range(low, high)}
    letters |= set(unicodedata.normalize("NFD", "".join(letters)))
    letters |= {letter.lower() for letter in letters}
    letters = sorted(c for c in letters if len(c) == 1 and c.strip())
    tokens = [*SPECIAL, "film", "##s", *letters, *(f"##{c}" for c in letters)]
    path = tmp_path_factory.mktemp("vocab") / "vocab.txt"
    path.write_text("\n".join(dict.fromkeys(tokens)), "utf-8")
    return str(path)


def places(vocab_file: str, text: str, *settings) -> list[tuple[str, int, int]]:
    tokenizer = Tokenizer(vocab_file, *settings)
    return [
        (tokenizer.tokens[piece.id], piece.start, piece.end)
        for piece in OffsetTokenizer(tokenizer)(text)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # An accent belongs to its letter, composed or not.
        ("\u00e9 a", [("e", 0, 1), ("a", 2, 3)]),
        ("e\u0301 a", [("e", 0, 2), ("a", 3, 4)]),
        # A syllable of Hangul is three letters at one place.
        ("\ud55c", [("\u1112", 0, 1), ("##\u1161", 0, 1), ("##\u11ab", 0, 1)]),
        # A capital I with a dot is two characters in lower case.
        ("\u0130s", [("i", 0, 1), ("##s", 1, 2)]),
        # What is removed is within a word, and not part of its ends.
        (
            "\ufefffi\xadlms\u200b.",
            [("film", 1, 6), ("##s", 6, 7), (".", 8, 9)],
        ),
        # Each ideograph is a word.
        ("\u4e00\u4e01a", [("\u4e00", 0, 1), ("\u4e01", 1, 2), ("a", 2, 3)]),
        # The last sigma of a word is another letter than the others.
        ("\u03a3\u03a3 ", [("\u03c3", 0, 1), ("##\u03c2", 1, 2)]),
        # An unknown word is one piece.
        (" a\U0001f600b!", [("[UNK]", 1, 4), ("!", 4, 5)]),
        ("", []),
    ],
)
def test_by_hand(vocab_file, text, expected):
    assert places(vocab_file, text) == expected


def test_accents_that_stay(vocab_file):
    assert places(vocab_file, "\u00c9a", True, False) == [
        ("\u00e9", 0, 1),
        ("##a", 1, 2),
    ]


def texts(number: int):
    draw = random.Random(7)
    for _ in range(number):
        characters = []
        for _ in range(draw.randrange(1, 25)):
            characters.append(chr(draw.randrange(*draw.choice(RANGES))))
            characters.append(draw.choice(["", "", " ", draw.choice(ODD)]))
            characters.append(draw.choice(["", "", draw.choice(LETTERS)]))
        yield "".join(characters)


def alike(text: str, other: str) -> bool:
    """Say whether texts are equal but for where a word's last sigma is."""
    return text.replace("\u03c2", "\u03c3") == other.replace("\u03c2", "\u03c3")


@pytest.mark.parametrize("settings", SETTINGS)
def test_random_texts(vocab_file, settings):
    tokenizer = Tokenizer(vocab_file, *settings)
    encode, basic = OffsetTokenizer(tokenizer), tokenizer.basic
    for text in texts(1000):
        pieces = encode(text)
        assert [piece.id for piece in pieces] == tokenizer.encode(text), text
        for group in apart(pieces):
            begin = min(piece.start for piece in group)
            end = max(piece.end for piece in group)
            assert 0 <= begin < end <= len(text)
            # The part of the text alone becomes these pieces.
            tokens = [tokenizer.tokens[piece.id] for piece in group]
            alone = "".join(basic.words(text[begin:end]))
            joined = "".join(token.removeprefix("##") for token in tokens)
            assert "[UNK]" in tokens or alike(joined, alone), (text, group)


def apart(pieces):
    """Put pieces together that come from the same characters."""
    groups = []
    for piece in pieces:
        if groups and piece.start < max(p.end for p in groups[-1]):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return groups


@pytest.mark.parametrize("settings", SETTINGS)
def test_words_of_random_texts(vocab_file, settings):
    basic = Tokenizer(vocab_file, *settings).basic
    for text in texts(1000):
        found = words(basic, text)
        values = ["".join(c.value for c in word) for word in found]
        assert values == basic.words(text)
        end = 0
        for word, value in zip(found, values, strict=True):
            begin = min(c.start for c in word)
            assert end <= begin
            end = max(c.end for c in word)
            (alone,) = basic.words(text[begin:end])
            assert alike(alone, value), (text, word)
