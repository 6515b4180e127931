"""WordPiece: its parts, its errors, and its two paths giving the same ids."""

import hashlib
import pathlib
import random
import subprocess
import sys

import pytest

from electra_tf import tokenization
from electra_tf.tokenization import Tokenizer, check_vocab_size

GOLDENS = pathlib.Path(__file__).parent / "goldens"
TINY = GOLDENS / "vocab_tiny.txt"

ASCII = "".join(map(chr, range(32, 127))) + "\t\n\r"
ODD = (
    "\x00\x01\x0b\x0c\x1c\x7f\x85\xa0\xad\u00df\u0130\u03a3\u03c3\u0301"
    "\u1e9e\u200b\u2028\u2029\u3000\u4e2d\u56fd\uac00\ufb01\ufeff\ufffd"
    "\ud800\U0001f600\U00020001\u037e\u1fef\u0345\u2026\u2122"
)


def write_vocab(tmp_path, tokens):
    path = tmp_path / "vocab.txt"
    path.write_text("".join(f"{token}\n" for token in tokens), "utf-8")
    return path


def bert_words(text, lower, strip):
    """The basic tokenizer, the slow way: one character, one token a time."""
    import unicodedata as u

    def is_space(c):
        return c in " \t\n\r" or u.category(c) == "Zs"

    cleaned = ""
    for c in text:
        control = u.category(c)[0] == "C" and c not in "\t\n\r"
        if control or c in "\x00\ufffd":
            continue
        cjk = any(a <= ord(c) <= b for a, b in tokenization.CJK_RANGES)
        cleaned += " " if is_space(c) else f" {c} " if cjk else c
    pieces = []
    for token in cleaned.split():
        if lower:
            token = token.lower()
            if strip:
                decomposed = u.normalize("NFD", token)
                token = "".join(c for c in decomposed if u.category(c) != "Mn")
        for c in token:
            code = ord(c)
            symbol = (
                33 <= code <= 47
                or 58 <= code <= 64
                or 91 <= code <= 96
                or 123 <= code <= 126
            )
            pieces.append(f" {c} " if symbol or u.category(c)[0] == "P" else c)
        pieces.append(" ")
    return "".join(pieces).split()


def random_texts(count, seed, alphabet):
    draw = random.Random(seed)
    words = ["the", "Tower", "unbreakable", "[MASK]", "##s", "a" * 200]
    words += ["a" * 201, "1,000", "don't", "x.y", "UNK", " "]

    def piece():
        if draw.random() < 0.5:
            return draw.choice(words)
        return "".join(draw.choices(alphabet, k=draw.randint(0, 12)))

    return [
        draw.choice(["", " "]).join(piece() for _ in range(draw.randint(0, 8)))
        for _ in range(count)
    ]


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("strip", [True, False])
def test_words_equal_the_slow_way(lower, strip):
    basic = tokenization.BasicTokenizer(lower, strip)
    for text in random_texts(1500, 1, ASCII + ODD * 4):
        assert basic.words(text) == bert_words(text, lower, strip), repr(text)


@pytest.mark.parametrize("lower", [True, False])
def test_fast_path_equals_python(lower, tmp_path):
    known = TINY.read_text("utf-8").split("\n")
    extra = ["", "##", "1,000", "don't", "##s", "Tower", "a", "##a", "the"]
    vocab_file = write_vocab(tmp_path, known[:-1] + extra)
    tokenizer = Tokenizer(vocab_file, lower)
    texts = random_texts(4000, 2, ASCII)
    texts += random_texts(1000, 3, ASCII + ODD)
    assert tokenizer._fast is not None
    for text, ids in zip(texts, tokenizer.encode_batch(texts), strict=True):
        assert ids == tokenizer.encode(text), repr(text)


def test_works_without_tensorflow_text(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_text", None)
    tokenizer = Tokenizer(TINY)
    texts = ["the tower"] * tokenization.MIN_LINES_FOR_FAST_PATH
    assert tokenizer.encode_batch(texts) == [
        tokenizer.encode("the tower")
    ] * len(texts)


def test_import_does_not_load_tensorflow():
    code = "import electra_tf.tokenization, sys; print(*sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "tensorflow" not in shown.stdout.split()


def test_identity_of_a_vocabulary():
    tokenizer = Tokenizer(TINY)
    assert tokenizer.vocab_size == 512
    content = TINY.read_bytes()
    assert tokenizer.vocab_sha256 == hashlib.sha256(content).hexdigest()
    assert (tokenizer.cls_id, tokenizer.sep_id) == (37, 219)
    assert (tokenizer.pad_id, tokenizer.unk_id, tokenizer.mask_id) == (0, 5, 88)
    assert tokenizer.tokenize("the zzz\u2603") == ["the", "[UNK]"]


def test_accents_stay_without_lower_casing():
    assert not Tokenizer(TINY, do_lower_case=False).strip_accents
    assert Tokenizer(TINY).strip_accents
    assert not Tokenizer(TINY, strip_accents=False).strip_accents


def test_the_memory_of_words_is_bounded(monkeypatch):
    monkeypatch.setattr(tokenization, "MAX_REMEMBERED_WORDS", 2)
    tokenizer = Tokenizer(TINY)
    text = "the king of the old tower"
    assert tokenizer.encode(text) == Tokenizer(TINY).encode(text)
    assert len(tokenizer._pieces) <= 2


def test_missing_special_tokens_are_named(tmp_path):
    path = write_vocab(tmp_path, ["[PAD]", "[UNK]", "[CLS]", "the"])
    with pytest.raises(ValueError, match=r"lacks .* \[SEP\], \[MASK\]") as info:
        Tokenizer(path)
    assert str(path) in str(info.value)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.txt"):
        Tokenizer(tmp_path / "nowhere.txt")


def test_other_encodings_are_refused(tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_bytes("[PAD]\ncaf\u00e9\n".encode("latin-1"))
    with pytest.raises(ValueError, match="not UTF-8"):
        Tokenizer(path)


def test_vocab_size_must_fit_the_model():
    check_vocab_size(Tokenizer(TINY), 512)
    with pytest.raises(ValueError, match=r"512 tokens.*vocab_size=30522"):
        check_vocab_size(Tokenizer(TINY), 30522)
