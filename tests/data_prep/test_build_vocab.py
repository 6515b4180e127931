"""Learning a vocabulary, through its command line."""

import functools
import os
import random
import subprocess
import sys

import pytest

from data_prep import build_vocab
from electra_tf.errors import UserError
from electra_tf.text.tokenization import Tokenizer
from electra_tf.text.vocabulary import SPECIAL_TOKENS
from tests.data_prep.sources import corpora


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


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("file/vocab.txt", "file is no folder that files may be made in"),
        ("file/new/vocab.txt", "file is no folder that files may be made in"),
        ("new/", "--output_file must name a file. Received a folder: "),
        ("folder", "--output_file must name a file. Received a folder: "),
        ("v" * 250, "File name too long"),
    ],
)
def test_what_cannot_be_written_is_said_at_once(learn, tmp_path, name, message):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    # Were the text looked at first, that would be said.
    shown = learn(f"--output_file={tmp_path}/{name}", "--corpus_dir=nowhere")
    assert shown.returncode == 1
    assert message in shown.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"file", "folder"}


def test_a_full_disk(corpus_dir, tmp_path):
    command = f"{sys.executable} -m data_prep.build_vocab --vocab_size=256"
    flags = f"--corpus_dir={corpus_dir} --output_file={tmp_path}/v"
    shown = subprocess.run(
        ["bash", "-c", f"ulimit -f 0; exec {command} {flags} --max_mb=0.1"],
        capture_output=True,
        text=True,
    )
    assert shown.returncode == os.EX_IOERR
    assert f"No room in {tmp_path}/v: File too large (" in shown.stderr
    assert not list(tmp_path.iterdir())


def test_a_vocabulary_among_the_text_is_refused(learn, run, tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "a.txt").write_text("the king " * 20)
    path = folder / "vocab.txt"
    flags = f"--corpus_dir={folder}", f"--output_file={path}"
    shown = learn(*flags)
    assert shown.returncode == 1
    assert "would take it for text" in shown.stderr
    assert not path.exists()
    path.write_text("\n".join([*SPECIAL_TOKENS, "the", "king"]))
    shown = run(
        "build_pretraining_dataset",
        f"--corpus_dir={folder}/**",
        f"--vocab_file={path}",
        f"--output_dir={tmp_path / 'records'}",
    )
    assert shown.returncode == 1
    assert "--vocab_file=" in shown.stderr
    assert not (tmp_path / "records").exists()


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
    assert "or cover fewer characters: --max_characters" in shown.stderr
    assert not (tmp_path / "vocab.txt").exists()


def vocabulary(tmp_path, text: str, **settings) -> list[str]:
    """Learn from a text in this process."""
    (tmp_path / "a.txt").write_text(text, "utf-8")
    path = tmp_path / "vocab.txt"
    path.unlink(missing_ok=True)
    build_vocab.main(
        build_vocab.VocabConfig(
            corpus_dir=tmp_path / "a.txt", output_file=path, **settings
        )
    )
    return path.read_text("utf-8").splitlines()


def test_characters_are_covered_by_their_share_of_the_text(tmp_path, capsys):
    ideographs = [chr(0x4E00 + number) for number in range(1500)]
    rare = [chr(0x6E00 + number) for number in range(60)]
    text = "\n".join([*ideographs] * 100 + rare)
    tokens = vocabulary(tmp_path, text, vocab_size=3000)
    printed = capsys.readouterr().out
    assert set(ideographs) <= set(tokens)
    assert not set(rare) & set(tokens)
    assert "60 of 1560 characters are not covered, 0.040% of" in printed
    assert repr(rare[0]) in printed
    tokens = vocabulary(tmp_path, text, vocab_size=3000, character_coverage=1)
    assert set(rare) <= set(tokens)
    assert "not covered" not in capsys.readouterr().out
    tokens = vocabulary(tmp_path, text, vocab_size=3000, max_characters=1200)
    assert len(set(ideographs) & set(tokens)) == 1200
    assert "360 of 1560 characters are not" in capsys.readouterr().out


def test_words_with_characters_that_are_not_covered_teach_nothing(tmp_path):
    settings = {"vocab_size": 30, "max_characters": 4}
    tokens = vocabulary(tmp_path, "ab\u0434cd\n" * 20, **settings)
    assert {len(token.lstrip("#")) for token in tokens[5:]} == {1}


def test_a_thousand_characters_are_covered_however_rare(tmp_path, capsys):
    letters = [chr(0x400 + number) for number in range(100)]
    text = "\n".join(["a"] * 10**6 + letters)
    tokens = vocabulary(tmp_path, text, vocab_size=600, do_lower_case=False)
    assert set(letters) <= set(tokens)
    assert "not covered" not in capsys.readouterr().out


def test_very_many_words_are_scaled_down(monkeypatch, capsys):
    counts = {"ab": 50, "ca": 20, "cd": 65, "cc": 1, "dd": 9}
    single = [*"abcd", *(f"##{c}" for c in "abcd")]

    def learn(most, min_frequency=2):
        monkeypatch.setattr(build_vocab, "MOST_PAIRS", most)
        return build_vocab.learn(counts, single, 99, min_frequency)[13:]

    whole = learn(65)
    assert whole == ["cd", "ab", "ca", "dd"]
    assert not capsys.readouterr().out
    # By 5: 13 of "cd", 10 of "ab", 4 of "ca", 1 of "cc" and of "dd".
    assert learn(26) == ["cd", "ab", "ca"]
    assert "learned from 1 of 5 occurrences of each" in capsys.readouterr().out
    assert learn(26, 41) == ["cd", "ab"]
    assert "dd" in learn(26, 1)


@pytest.mark.parametrize("size", [12, 64])
def test_an_alphabet_of_few_letters(tmp_path, size):
    draw = random.Random(0)
    proteins = ["".join(draw.choices("acg", k=300)) for _ in range(30)]
    tokens = vocabulary(tmp_path, "\n".join(proteins), vocab_size=size)
    assert len(tokens) == size
    assert {"a", "c", "g", "##a", "##c", "##g"} <= set(tokens)
    assert "b" not in tokens


GERMAN = """Die Straße führt über die große Brücke.
Am Ende der Straße steht ein grünes Häuschen.
"""
TURKISH = """İstanbul'da ılık bir akşam yağmur yağdı.
İstanbul'un işleri yağmurda yağmurlu olur.
"""  # noqa: RUF001 (a letter of Turkish)
CHINESE = """今天天气很好、我们去公园。
明天天气不好。
"""


@pytest.mark.parametrize("lower_case", [True, False])
@pytest.mark.parametrize(
    ("text", "whole", "unknown"),
    [
        (GERMAN, ["stra\u00dfe", "die"], "\u6c14"),
        (TURKISH, ["istanbul", "yagmur"], "\u6c14"),
        (CHINESE, ["\u5929", "\u6c14", "\u3002"], "\u6f22"),
    ],
    ids=["German", "Turkish", "Chinese"],
)
def test_languages(run, tmp_path, text, whole, unknown, lower_case):
    """Every word of the text is known, frequent ones as a whole."""
    (tmp_path / "a.txt").write_text(text * 20, "utf-8")
    path = tmp_path / "vocab" / "vocab.txt"
    shown = run(
        "build_vocab",
        f"--corpus_dir={tmp_path}/a.txt",
        f"--output_file={path}",
        "--vocab_size=400",
        f"--do_lower_case={lower_case}",
    )
    assert shown.returncode == 0, shown.stderr
    assert "0 of them are [UNK]" in shown.stdout
    tokenizer = Tokenizer(path, lower_case)
    assert tokenizer.unk_id not in tokenizer.encode(text)
    assert tokenizer.tokenize(unknown) == ["[UNK]"]
    if lower_case:
        assert set(whole) <= set(tokenizer.tokens)
        # Accents, and the dots of a dotted capital, are gone.
        assert not {"\u00fc", "\u0307", "\u011f"} & set(
            "".join(tokenizer.vocab)
        )
        # Letters that have none stay: this is no English alphabet.
        rest = {"\u00df", "\u0131"} & set(text)
        assert rest <= set("".join(tokenizer.vocab))


@pytest.mark.parametrize("name", corpora.FILES)
def test_formats_give_the_same_vocabulary(tmp_path, documents, name):
    contents = []
    for file in ("a.txt", name):
        place = tmp_path / file
        place.write_bytes(corpora.FILES[file](documents))
        path = tmp_path / f"{file}.vocab"
        config = build_vocab.VocabConfig(
            corpus_dir=place,
            output_file=path,
            vocab_size=300,
            **corpora.flags_of(file),
        )
        build_vocab.main(config)
        contents.append(path.read_bytes())
        path.unlink()
    assert contents[0] == contents[1]


def test_reserved_tokens(learn, tmp_path):
    shown = learn("--num_reserved_tokens=20")
    assert shown.returncode == 0, shown.stderr
    tokenizer = Tokenizer(tmp_path / "vocab.txt")
    assert tokenizer.tokens[5:25] == [f"[unused{k}]" for k in range(20)]
    assert tokenizer.vocab["[unused7]"] not in tokenizer.encode("[unused7]")


def test_standard_input(learn, tmp_path, corpus_dir, run):
    text = (corpus_dir / "big.txt").read_bytes()
    command = [sys.executable, "-m", "data_prep.build_vocab"]
    contents = []
    for number, place in enumerate(("-", corpus_dir / "big.txt")):
        path = tmp_path / f"{number}.txt"
        flags = [f"--corpus_dir={place}", f"--output_file={path}"]
        subprocess.run(
            [*command, *flags, "--vocab_size=256"], input=text, check=True
        )
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]


def test_what_is_wrong_with_the_text_is_said(learn, corpus_dir):
    shown = learn()
    assert f"were left out: {corpus_dir}/odd.txt, byte 0" in shown.stdout


def test_marks_that_are_no_accents(tmp_path, capsys):
    text = "\u0939\u093f\u0928\u094d\u0926\u0940\n" * 9
    vocabulary(tmp_path, text)
    # Of six characters the virama alone is of no width.
    assert "Warning: 17% of the characters are" in capsys.readouterr().out
    vocabulary(
        tmp_path,
        "\u0939\u093f\u0928\u094d\u0926\u0940\n" * 9,
        strip_accents=False,
    )
    assert "Warning" not in capsys.readouterr().out


def test_words_without_blanks_between_them(tmp_path, capsys, monkeypatch):
    place, path = tmp_path / "thai.txt", tmp_path / "vocab.txt"
    place.write_text("กินข้าวที่กรุงเทพ\n" * 20, "utf-8")
    tokens = []
    for split in (False, True):
        config = build_vocab.VocabConfig(
            corpus_dir=str(place),
            output_file=str(path),
            vocab_size=300,
            do_lower_case=False,
            split_words=split,
        )
        build_vocab.main(config)
        advised = "--split_words learns from words" in capsys.readouterr().out
        assert advised != split
        tokens.append(Tokenizer(path, False).tokens)
        path.unlink()
    assert "กินข้าวที่กรุงเทพ" in tokens[0]
    assert {"กิน", "ข้าว"} < {*tokens[1]}
    assert max(len(token.lstrip("#")) for token in tokens[1]) == len("กรุงเทพ")
    monkeypatch.setattr(build_vocab.scripts, "word_breaker", lambda: None)
    with pytest.raises(UserError, match="--split_words needs the package"):
        build_vocab.main(config)
