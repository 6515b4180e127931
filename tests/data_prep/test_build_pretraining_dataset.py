"""The build of records, through its command line."""

import fcntl
import functools
import json
import os
import time

import numpy as np
import pytest

from data_prep import build_pretraining_dataset
from data_prep.dataset_config import PretrainingDatasetConfig
from electra_tf.io import manifest, record_files, records, token_counts
from electra_tf.text.tokenization import Tokenizer

PROGRAM = "build_pretraining_dataset"


@pytest.fixture
def build(run, corpus_dir, vocab_file):
    """Run the program; later flags win over the ones given here."""
    return functools.partial(
        run,
        PROGRAM,
        f"--corpus_dir={corpus_dir}",
        f"--vocab_file={vocab_file}",
        "--max_seq_length=32",
    )


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def read_ids(folder, shards):
    for shard in shards:
        read = list(records.read_records(folder / shard.name))
        assert len(read) == shard.examples
        parsed = records.parse_examples(read, 32)
        for ids, mask in zip(
            parsed["input_ids"].numpy(),
            parsed["input_mask"].numpy(),
            strict=True,
        ):
            yield ids[mask == 1]


def test_processes_do_not_change_a_byte(build, large_corpus_dir, tmp_path):
    first, second = tmp_path / "one", tmp_path / "two"
    flags = (
        f"--corpus_dir={large_corpus_dir}",
        "--held_out_share=0.1",
        "--num_out_files=3",
    )
    shown = build(f"--output_dir={first}", *flags)
    assert shown.returncode == 0, shown.stderr
    shown = build(f"--output_dir={second}", *flags, "--num_processes=2")
    assert shown.returncode == 0, shown.stderr
    assert contents(first) == contents(second)

    made = manifest.read(first)
    assert [shard.name for shard in made.training] == [
        records.shard_name(k, 3) for k in range(3)
    ]
    assert made.counts["undecodable_lines"] == 1
    assert len(made.held_out) == 2
    assert sorted(contents(first)) == sorted(
        [s.name for s in (*made.training, *made.held_out)]
        + ["manifest.json", "token_counts.json"]
    )
    ids = np.concatenate(list(read_ids(first, made.training)))
    counts = token_counts.read(first, made.vocab_sha256)
    np.testing.assert_array_equal(
        counts, np.bincount(ids, minlength=made.vocab_size)
    )
    manifest.check_files(made, first)
    records.check_shards(record_files.find_shards(first), 32)
    records.check_shards(record_files.find_shards(first, held_out=True), 32)
    share = made.held_out_examples / (
        made.held_out_examples + made.training_examples
    )
    assert 0.08 < share < 0.12


def test_no_text_is_lost(build, tmp_path, run, vocab_file):
    # Single-line documents short enough to be one whole example each.
    lines = [f"the king of {a} {b}" for a in "abcde" for b in "fghij"]
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.txt").write_text("\n\n".join(lines))
    output = tmp_path / "out"
    shown = build(
        f"--corpus_dir={corpus}",
        f"--output_dir={output}",
        "--held_out_share=0.2",
        "--num_out_files=2",
    )
    assert shown.returncode == 0, shown.stderr
    made = manifest.read(output)
    assert made.training_examples + made.held_out_examples == len(lines)
    assert 1 <= made.held_out_examples <= 12
    tokenizer = Tokenizer(vocab_file)
    found = [
        list(ids[1:-1])
        for ids in read_ids(output, (*made.training, *made.held_out))
    ]
    expected = [tokenizer.encode(line) for line in lines]
    assert sorted(found) == sorted(expected)


def test_flags_of_the_original_work(build, tmp_path):
    output = tmp_path / "out"
    shown = build(
        f"--output-dir={output}",
        "--blanks-separate-docs=False",
        "--do-strip-accents=false",
        "--no-lower-case",
    )
    assert shown.returncode == 0, shown.stderr
    made = manifest.read(output)
    assert not made.do_lower_case
    assert not made.strip_accents
    assert not made.settings["blank_lines_separate_documents"]
    assert made.counts["documents"] == 3
    flags = ("--do-strip-accents", "--no-lower-case")
    shown = build(f"--output-dir={output}", *flags)
    assert "strip_accents needs do_lower_case" in shown.stderr


def test_a_finished_build_is_left_alone(build, tmp_path):
    output = tmp_path / "out"
    assert build(f"--output_dir={output}").returncode == 0
    before = contents(output)
    shown = build(f"--output_dir={output}", "--num_processes=2")
    assert shown.returncode == 0
    assert "Nothing to do" in shown.stdout
    shown = build(f"--output_dir={output}", "--seed=7", "--no-lower-case")
    assert shown.returncode == 1
    assert "seed: 0 there, 7 now" in shown.stderr
    assert "do_lower_case: True there, False now" in shown.stderr
    assert contents(output) == before
    (output / records.shard_name(0, 1)).write_bytes(b"")
    shown = build(f"--output_dir={output}")
    assert shown.returncode == 1
    assert "0-of-1: 0 bytes" in shown.stderr


def test_other_files_are_not_touched(build, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    shown = build(f"--output_dir={tmp_path}")
    assert shown.returncode == 1
    assert "is not empty" in shown.stderr
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_one_build_at_a_time(build, tmp_path):
    handle = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    shown = build(f"--output_dir={tmp_path}")
    assert shown.returncode == 1
    assert "Another process is building" in shown.stderr
    os.close(handle)
    assert build(f"--output_dir={tmp_path}").returncode == 0


def test_output_within_the_corpus_is_refused(build, corpus_dir):
    shown = build(f"--output_dir={corpus_dir}/out")
    assert shown.returncode == 1
    assert "within --corpus_dir" in shown.stderr


@pytest.mark.parametrize(
    ("text", "flags", "message"),
    [
        (None, (), "No file or folder at"),
        ("", (), "no file with any text"),
        (" \n\n", (), "gives no training example"),
        ("the king", ("--held_out_share=0.001",), "is none"),
        ("the king", ("--vocab_file=nowhere.txt",), "nowhere.txt"),
    ],
)
def test_errors_leave_nothing(build, tmp_path, text, flags, message):
    corpus, output = tmp_path / "corpus", tmp_path / "out"
    if text is not None:
        corpus.mkdir()
        (corpus / "a.txt").write_text(text)
    shown = build(f"--corpus_dir={corpus}", f"--output_dir={output}", *flags)
    assert shown.returncode == 1
    assert message in shown.stderr
    assert "Traceback" not in shown.stderr
    assert not output.exists()


def test_a_failing_worker_stops_the_build(tmp_path, vocab_file, monkeypatch):
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.txt").write_text("the king\n" * 100)

    def fail(*unused):
        raise OSError("No space left on device")

    monkeypatch.setattr(build_pretraining_dataset.jobs, "run", fail)
    config = PretrainingDatasetConfig(
        corpus_dir=corpus, vocab_file=vocab_file, output_dir=tmp_path / "out"
    )
    with pytest.raises(OSError, match="No space left"):
        build_pretraining_dataset.main(config)
    assert not (tmp_path / "out").exists()


def test_help_and_bad_flags_answer_at_once(run):
    began = time.monotonic()
    shown = run(PROGRAM, "--help")
    assert time.monotonic() - began < 1.5
    assert shown.returncode == 0
    assert "--held_out_share" in shown.stdout
    shown = run(PROGRAM, "--corpus=x")
    assert shown.returncode == 2
    assert "--corpus" in shown.stderr


def test_manifest_is_plain_json(build, tmp_path):
    output = tmp_path / "out"
    assert build(f"--output_dir={output}").returncode == 0
    content = json.loads((output / "manifest.json").read_text())
    assert content["settings"]["max_seq_length"] == 32
    assert str(tmp_path) not in json.dumps(content)


def test_number_of_files_by_size(build, corpus_dir, tmp_path):
    output = tmp_path / "out"
    flags = (f"--output_dir={output}", "--text_mb_per_file=0.1")
    assert build(*flags).returncode == 0
    made = manifest.read(output)
    size = sum(made.sources.values())
    assert len(made.training) == -(-size // 100_000) > 1
    shown = build(f"--output_dir={output}")
    assert "num_out_files" in shown.stderr
