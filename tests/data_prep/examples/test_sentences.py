"""Lines cut into sentences: what the rules are, and builds that use them."""

import builtins

import pytest

from data_prep import build_pretraining_dataset
from data_prep.dataset_config import PretrainingDatasetConfig
from data_prep.examples import sentences
from electra_tf.errors import UserError
from electra_tf.io import manifest

pytest.importorskip("icu4py")


def split(line, locale="root"):
    return list(sentences.split_lines([line], locale))


@pytest.mark.parametrize(
    ("sentences", "between"),
    [
        (["It cost 5.3 dollars.", '"Why?"', "He left!"], " "),
        (["Er kam, z.B. gestern.", "Dann ging er."], " "),
        (["İstanbul güzel mi?", "Evet, güzel."], "  "),
        (["今日は。", "元気\uff1f", "はい\uff01"], ""),
        (["मैं हूँ।", "तुम कहाँ हो?"], " "),
        (["هل أنت بخير؟", "نعم."], " "),
        (["No end"], ""),
    ],
)
def test_scripts(sentences, between):
    assert split(between.join(sentences)) == sentences


def test_abbreviations_of_a_language():
    line = "Mr. Fox is lost."
    assert split(line) == ["Mr.", "Fox is lost."]
    assert split(line, "en-u-ss-standard") == [line]


@pytest.mark.parametrize(
    "name",
    ["root", "en", "de_AT", "en-u-ss-standard", "zh-Hans", "deu", "eo", "iw"],
)
def test_locales(name, capsys):
    sentences.check(name)
    assert not capsys.readouterr().out


def test_a_language_without_rules_is_told(capsys):
    sentences.check("ace")
    assert "no rules are known for 'ace'" in capsys.readouterr().out


@pytest.mark.parametrize(
    "name",
    [
        *("rooot", "english", "en-u-ss-standart", "en-ss-standard", "xq", ""),
        # Of countries, and what some take for codes of languages.
        *("dk", "ua", "cn", "br_BR-u-ss-strict", "e", "12"),
    ],
)
def test_what_is_no_locale(name):
    with pytest.raises(UserError, match="--split_sentences must be root"):
        sentences.check(name)


@pytest.mark.parametrize(
    "line",
    ["\U0001f600 \U0001f601. Then \U00020000.", "\ud800 a. B\x00 c.", ""],
)
def test_no_character_is_lost(line):
    """Those outside the first plane, halves of such, NUL."""
    assert " ".join(split(line)) == line
    assert len(split(line)) == (2 if line else 0)


@pytest.fixture
def build(tmp_path, vocab_file):
    def run(text, name, **flags):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "a.txt").write_text(text)
        config = PretrainingDatasetConfig(
            corpus_dir=str(folder),
            vocab_file=str(vocab_file),
            output_dir=str(folder / "../out" / name),
            max_seq_length=16,
            **flags,
        )
        build_pretraining_dataset.main(config)
        return manifest.read(config.output_dir)

    return run


LINES = [
    f"The king was old. The tower {'was lost ' * n}. He saw it."
    for n in range(9)
]


def test_a_sentence_is_a_line(build):
    """The same as if each had one, draws included."""
    apart = [line.replace(". ", ".\n") for line in LINES]
    cut = build("\n\n".join(LINES), "cut", split_sentences="root")
    assert cut.settings["split_sentences"] == "root"
    assert cut.training == build("\n\n".join(apart), "apart").training
    assert cut.training != build("\n\n".join(LINES), "lines").training


def test_sentences_that_come_again(build):
    text = "The king was old. He saw.\n\nA tower. The king was old."
    flags = {"split_sentences": "root", "drop_duplicate_lines": True}
    made = build(text, "again", **flags)
    assert made.counts["duplicate_lines"] == 1


def test_a_package_is_needed(build, monkeypatch, tmp_path):
    ordinary = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name.startswith("icu4py"):
            raise ImportError(name)
        return ordinary(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ValueError, match=r"'electra_tf\[sentences\]'"):
        build("The king.", "missing", split_sentences="root")
    assert not (tmp_path / "out").exists()
