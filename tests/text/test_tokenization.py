"""WordPiece: its memory, its errors, its vocabulary; the fuzz is next door."""

import hashlib
import pathlib
import subprocess
import sys

import pytest

from electra_tf.text import tokenization, vocabulary
from electra_tf.text.tokenization import Tokenizer, check_vocab_size

GOLDENS = pathlib.Path(__file__).parents[1] / "goldens"
TINY = GOLDENS / "vocab_tiny.txt"


def write_vocab(tmp_path, tokens):
    path = tmp_path / "vocab.txt"
    path.write_text("".join(f"{token}\n" for token in tokens), "utf-8")
    return path


def test_import_does_not_load_tensorflow():
    code = "import electra_tf.text.tokenization, sys; print(*sys.modules)"
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
    monkeypatch.setattr(tokenization, "MAX_REMEMBERED_PARTS", 2)
    monkeypatch.setattr(tokenization, "MAX_CHARACTERS_REMEMBERED", 3)
    tokenizer = Tokenizer(TINY)
    text = "the king of the old tower"
    assert tokenizer.encode(text) == Tokenizer(TINY).encode(text)
    assert list(tokenizer._remembered) == ["old"]


def test_missing_special_tokens_are_named(tmp_path):
    path = write_vocab(tmp_path, ["[PAD]", "[UNK]", "[CLS]", "the"])
    with pytest.raises(ValueError, match=r"lacks .* \[SEP\], \[MASK\]") as info:
        Tokenizer(path)
    assert str(path) in str(info.value)


def test_special_tokens_of_other_names_are_recognised(tmp_path):
    tokens = ["<s>", "[PAD]", "</s>", "[UNK]", "[MASK]", "the"]
    rename = r"rename <s> on line 1 to \[CLS\], </s> on line 3 to \[SEP\] in"
    with pytest.raises(ValueError, match=rename):
        Tokenizer(write_vocab(tmp_path, tokens))


def test_line_ends_and_marks_of_other_systems_are_no_tokens():
    tokens = [*vocabulary.SPECIAL_TOKENS, "the"]
    plain = vocabulary.load_checked("\n".join(tokens).encode(), "")
    marked = "\r\n".join([*tokens, ""]).encode("utf-8-sig")
    assert vocabulary.load_checked(marked, "") == plain


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
