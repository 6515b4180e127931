"""The tokenizers and the plain rules agree on every text tried.

Random strings of all that Unicode has, which the vocabulary here knows
character by character, so that equal ids mean equal words; and, with the
environment variable ELECTRA_TF_TEXT, all files below a folder.
"""

import itertools
import os
import pathlib
import random
import unicodedata

import pytest

from electra_tf.text import id_strings
from electra_tf.text.line_tokenizer import LineTokenizer
from electra_tf.text.tokenization import Tokenizer
from electra_tf.text.vocabulary import SPECIAL_TOKENS
from tests.plain_wordpiece import LONGEST_WORD, PlainTokenizer

BERT = pathlib.Path(__file__).parents[1] / "goldens" / "vocab_bert_uncased.txt"
TEXT = os.environ.get("ELECTRA_TF_TEXT")
# do_lower_case, strip_accents, tokenize_chinese_chars, longest word
SETTINGS = (
    (True, True, True, 200),
    (True, False, True, 200),
    (False, True, True, 200),
    (False, False, True, 200),
    (True, True, False, 200),
    (False, False, False, 3),
    (True, False, False, 199),
)

EVERYTHING = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def of_categories(*starts):
    return [c for c in EVERYTHING if unicodedata.category(c).startswith(starts)]


def blocks(*ranges):
    return [chr(c) for first, last in ranges for c in range(first, last + 1)]


# Some characters are drawn more often than others of their kind.
ALPHABETS = {
    "anything": EVERYTHING,
    "ASCII": blocks((0, 127)),
    "Latin": blocks((0xA0, 0x24F), (0x1E00, 0x1EFF)),
    "Greek": blocks((0x370, 0x3FF), (0x1F00, 0x1FFF)) + ["\u03a3"] * 80,
    "Cyrillic": blocks((0x400, 0x52F)),
    "right to left": blocks((0x590, 0x6FF), (0x7C0, 0x8FF), (0xFB1D, 0xFDFF)),
    "Indic": blocks((0x900, 0xDFF)),
    "South-East Asia": blocks((0xE00, 0x109F), (0x1780, 0x17FF)),
    "Hangul": blocks((0x1100, 0x11FF), (0xAC00, 0xD7FF)),
    "kana": blocks((0x3000, 0x312F), (0x1B000, 0x1B16F)),
    "ideographs": blocks((0x4E00, 0x9FFF)),
    "rare ideographs": blocks((0x3400, 0x4DBF), (0x20000, 0x323AF)),
    "compatibility": blocks((0xF900, 0xFAFF), (0x2F800, 0x2FA1F)),
    "full width": blocks((0xFF00, 0xFFEF)),
    "marks": of_categories("M"),
    "blanks": [*" \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85", *of_categories("Z")],
    "controls": [*"\x00\ufffd", *of_categories("Cc", "Cf")],
    "private use": blocks((0xE000, 0xF8FF), (0xF0000, 0xF00FF)),
    "unassigned": of_categories("Cn")[::97],
    "punctuation": of_categories("P"),
    "symbols": of_categories("S"),
    "case": [*"\u0130\u0131\u00df\u1e9e\u03a3\u03c2\u0345\u01c5\ufb01Aa.'"],
    "emoji": [*"\u200d\ufe0f\u20e3#1", *blocks((0x1F300, 0x1FAFF))],
}


def characters(draw):
    alphabet = ALPHABETS[draw.choice(list(ALPHABETS))]
    return "".join(draw.choices(alphabet, k=draw.randint(1, 6)))


def vocabulary_piece(draw, tokens):
    piece = draw.choice(tokens).removeprefix("##")
    return draw.choice((piece, piece, piece.upper(), piece.title()))


def long_word(draw):
    letter = draw.choice("aé\u0130\u0301中Σ")
    return letter * (LONGEST_WORD + draw.randint(-1, 1)) + characters(draw)


def random_text(draw, tokens):
    pieces = []
    for _ in range(draw.randint(1, 6)):
        kind = draw.random()
        if kind < 0.45:
            pieces.append(vocabulary_piece(draw, tokens))
        elif kind < 0.998:
            pieces.append(characters(draw))
        else:
            pieces.append(long_word(draw))
    return draw.choice(("", "", " ")).join(pieces)


@pytest.fixture(scope="module")
def vocab_file(tmp_path_factory):
    """BERT's vocabulary, and all characters wherever they stand in a word."""
    visible = of_categories("L", "M", "N", "P", "S")
    tokens = dict.fromkeys(BERT.read_text("utf-8").split("\n"))
    tokens.update(dict.fromkeys(visible))
    tokens.update(dict.fromkeys("##" + c for c in visible))
    path = tmp_path_factory.mktemp("vocabulary") / "vocab.txt"
    path.write_text("\n".join(t for t in tokens if t), "utf-8")
    return path


def pairs(vocab_file):
    """Return a tokenizer and the plain one for each of `SETTINGS`."""
    for settings in SETTINGS:
        tokenizer = Tokenizer(vocab_file, *settings)
        yield tokenizer, PlainTokenizer(tokenizer.vocab, *settings)


def batches(texts):
    """Cut texts into lists of 1, 2, 4 ... 128, 1, 2 ..."""
    texts = iter(texts)
    for exponent in itertools.cycle(range(8)):
        batch = list(itertools.islice(texts, 1 << exponent))
        if not batch:
            return
        yield batch


def check_equal(texts, tokenizer, plain):
    """Hold both our tokenizers against the plain one; count the texts."""
    encode_together = LineTokenizer(tokenizer).encode
    number = 0
    for batch in batches(texts):
        together = map(id_strings.to_array, encode_together(batch))
        for text, ids in zip(batch, together, strict=True):
            expected = plain.encode(text)
            assert tokenizer.encode(text) == expected, ascii(text)
            assert ids.tolist() == expected, ascii(text)
            number += 1
    return number


def random_texts(number, seed, vocab_file):
    draw = random.Random(seed)
    tokens = vocab_file.read_text("utf-8").split("\n")
    tokens = [t for t in tokens[:30_000] if t not in SPECIAL_TOKENS]
    return (random_text(draw, tokens) for _ in range(number))


def test_random_texts(vocab_file):
    texts = random_texts(7_000, 1, vocab_file)
    for both in pairs(vocab_file):
        assert check_equal(itertools.islice(texts, 1_000), *both) == 1_000


@pytest.mark.slow
def test_random_texts_in_all_settings(vocab_file):
    for both in pairs(vocab_file):
        texts = random_texts(250_000, 2, vocab_file)
        assert check_equal(texts, *both) == 250_000


def test_every_character_alone_and_between_letters(vocab_file):
    assigned = of_categories("L", "M", "N", "P", "S", "Z", "Cc", "Cf")
    both = next(pairs(vocab_file))
    texts = [f"{c} a{c}B.{c}" for c in assigned]
    assert check_equal(texts, *both) == len(assigned)


@pytest.mark.slow
@pytest.mark.skipif(not TEXT, reason="ELECTRA_TF_TEXT names no folder")
@pytest.mark.parametrize("settings", SETTINGS[:3] + SETTINGS[4:5])
def test_text(settings):
    tokenizer = Tokenizer(BERT, *settings)
    plain = PlainTokenizer(tokenizer.vocab, *settings)
    paths = (p for p in sorted(pathlib.Path(TEXT).rglob("*")) if p.is_file())
    lines = (
        line
        for path in paths
        for line in path.read_bytes().decode("utf-8", "replace").split("\n")
    )
    assert check_equal(lines, tokenizer, plain)
