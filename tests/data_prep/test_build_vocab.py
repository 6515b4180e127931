"""Learning a vocabulary, through its command line."""

import functools

import pytest

from electra_tf.tokenization import SPECIAL_TOKENS, Tokenizer


@pytest.fixture
def learn(run, corpus_dir, tmp_path):
    return functools.partial(
        run,
        "build_vocab",
        f"--corpus_dir={corpus_dir}",
        f"--output_file={tmp_path / 'vocab.txt'}",
        "--vocab_size=256",
        "--max_mb=0.2",
    )


def test_vocabulary(learn, tmp_path):
    path = tmp_path / "vocab.txt"
    shown = learn()
    assert shown.returncode == 0, shown.stderr
    content = path.read_bytes()
    tokenizer = Tokenizer(path)
    assert tokenizer.tokens[:5] == list(SPECIAL_TOKENS)
    assert tokenizer.vocab_size == len(content.split()) <= 256
    # Frequent words are whole, others are spelled out.
    assert tokenizer.tokenize("The village") == ["the", "village"]
    assert tokenizer.unk_id not in tokenizer.encode("Quixotic, #42: zzz!")
    assert tokenizer.tokenize("\u4e2d") == ["\u4e2d"]
    assert tokenizer.tokenize("\u6f22") == ["[UNK]"]

    path.unlink()
    assert learn().returncode == 0
    assert path.read_bytes() == content


def test_existing_files_are_kept(learn, tmp_path):
    (tmp_path / "vocab.txt").write_text("mine")
    shown = learn()
    assert shown.returncode == 1
    assert "exists" in shown.stderr
    assert (tmp_path / "vocab.txt").read_text() == "mine"


def test_cased(learn, tmp_path):
    assert learn("--nodo_lower_case").returncode == 0
    tokenizer = Tokenizer(tmp_path / "vocab.txt", do_lower_case=False)
    assert tokenizer.unk_id not in tokenizer.encode("London caf\u00e9 XYZ")


def test_too_many_characters(learn, corpus_dir, tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    text = " ".join(chr(code) for code in range(0x400, 0x700))
    (folder / "a.txt").write_text(text, "utf-8")
    shown = learn(f"--corpus_dir={folder}")
    assert shown.returncode == 1
    assert "Lower --max_characters" in shown.stderr
    assert not (tmp_path / "vocab.txt").exists()
