"""A build says how much of its text it does not know, and why."""

import pytest

from data_prep import build_pretraining_dataset, inspect
from data_prep.builds import plan
from data_prep.dataset_config import PretrainingDatasetConfig
from electra_tf.io import manifest

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def built(tmp_path, capsys, tokens, text, **settings) -> str:
    """Build records; return what was printed."""
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "a.txt").write_text(text, "utf-8")
    vocab = tmp_path / "vocab.txt"
    vocab.write_text("\n".join([*SPECIAL, *tokens]), "utf-8")
    build_pretraining_dataset.main(
        PretrainingDatasetConfig(
            corpus_dir=tmp_path / "text",
            vocab_file=vocab,
            output_dir=tmp_path / "out",
            max_seq_length=32,
            **settings,
        )
    )
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("tokens", "text", "settings", "expected"),
    [
        ("ABCD", "A B C D", {}, "have capitals, such as 'A', and the text is"),
        ("abcd", "A B C D", {"do_lower_case": False}, "has a capital, and the"),
        ("\u00e9\u00fc", "\u00e9 \u00fc \u00e9", {}, "--nostrip_accents"),
        ("abcd", "\u4e00 \u4e01 \u4e03", {}, "3 of 3 different words"),
    ],
)
def test_unknown_tokens_have_a_reason(
    tmp_path, capsys, tokens, text, settings, expected
):
    text = "\n\n".join([text] * 20)
    printed = built(tmp_path, capsys, tokens, text, **settings)
    assert "100.00% of those in examples" in printed
    assert "Warning: 100% of the tokens are [UNK]" in printed
    assert expected in printed


def test_a_few_are_no_reason_to_warn(tmp_path, capsys):
    text = "\n\n".join(["a b"] * 200 + ["a c"])
    printed = built(tmp_path, capsys, "ab", text)
    assert "1 token is [UNK], 0.25% of those in examples" in printed
    assert "Warning" not in printed


def test_marks_that_are_no_accents(tmp_path, capsys):
    text = "\n\n".join(["\u05e9\u05b8\u05dc\u05d5\u05b9\u05dd caf\u00e9"] * 20)
    printed = built(tmp_path, capsys, "ab", text)
    assert "20% of the characters are or have vowel signs" in printed
    assert "--nostrip_accents keeps them" in printed
    counts = manifest.read(tmp_path / "out").counts
    assert (counts["characters"], counts["removed_marks"]) == (200, 40)


def test_characters_that_are_removed(tmp_path, capsys):
    texts = ["a b \ue000", "\U000f1234 \ue001"] * 5 + ["a b"]
    printed = built(tmp_path, capsys, "ab", "\n\n".join(texts))
    assert "56% of the characters are removed: they are of priv" in printed
    assert "5 of 11 documents gave no example, for they have no" in printed
    counts = manifest.read(tmp_path / "out").counts
    assert (counts["characters"], counts["removed_characters"]) == (27, 15)
    assert counts["documents_without_tokens"] == 5


def test_the_share_is_of_the_tokens_that_are_kept(tmp_path, capsys):
    text = "\n\n".join(["a " * 10 + "c " * 200] * 8)
    built(tmp_path, capsys, "ab", text)
    counts = manifest.read(tmp_path / "out").counts
    kept = counts["tokens"] - counts["tokens_cut_off"]
    inspect.main([str(tmp_path / "out"), "--examples=0"])
    shown = capsys.readouterr().out
    share = counts["unknown_tokens"] / kept
    assert 0.5 < share < 0.7
    assert f"unknown_tokens: {counts['unknown_tokens']} ({share:.2%})" in shown


def test_files_of_hardly_any_text_are_as_many_as_there_may_be(
    tmp_path, vocab_file
):
    (tmp_path / "a.txt").write_text("the king")
    config = PretrainingDatasetConfig(
        corpus_dir=tmp_path / "a.txt",
        vocab_file=vocab_file,
        output_dir=tmp_path / "out",
        text_mb_per_file=5e-324,
    )
    assert plan.plan_of(config).settings["num_out_files"] == 1000


def test_reasons_do_not_depend_on_the_processes(tmp_path, capsys, monkeypatch):
    """Three jobs; what one process has met it meets again in the next."""
    monkeypatch.setattr(plan.corpus, "BYTES_PER_JOB", 10_000)
    monkeypatch.setattr(plan.corpus, "SMALLEST_UNIT", 1000)
    words = [chr(0x430 + k // 20) + chr(0x430 + k % 20) for k in range(400)]
    lines = [f"a b {word}\n\n" for word in words for _ in range(9)]
    text = "".join(lines)
    printed = []
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        folder.mkdir()
        flags = {"num_processes": processes, "num_out_files": 3}
        shown = built(folder, capsys, "ab", text, **flags)
        printed.append(shown[shown.index("Warning") :])
    assert printed[0] == printed[1]
