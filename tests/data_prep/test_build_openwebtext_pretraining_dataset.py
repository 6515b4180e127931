"""OpenWebText's builder, with the original's command line."""

import json
import lzma
import shutil

import pytest

from electra_tf.io import manifest
from tests.data_prep.sources import corpora

PROGRAM = "build_openwebtext_pretraining_dataset"


@pytest.fixture
def data_dir(tmp_path, vocab_file, documents):
    """What `tar xf openwebtext.tar.xz` leaves in the data folder."""
    folder = tmp_path / "data" / "openwebtext"
    folder.mkdir(parents=True)
    shutil.copy(vocab_file, tmp_path / "data" / "vocab.txt")
    for number in range(4):
        archive = corpora.in_tar(documents[number::4])
        path = folder / f"urlsf_subset00-{number}_data.xz"
        path.write_bytes(lzma.compress(archive))
    return tmp_path / "data"


@pytest.fixture
def documents():
    # Paragraphs of a page have blank lines between them.
    return corpora.make_documents(400)


def test_command_line_of_the_original(run, data_dir, documents):
    shown = run(
        PROGRAM,
        f"--data-dir={data_dir}",
        "--max-seq-length=64",
        "--num-processes=2",
        "--no-lower-case",
        "--no-strip-accents",
    )
    assert shown.returncode == 0, shown.stderr
    output = data_dir / "pretrain_tfrecords"
    made = manifest.read(output)
    assert made.max_seq_length == 64
    assert not made.do_lower_case
    assert made.counts["documents"] == len(documents)
    assert str(data_dir) not in (output / "manifest.json").read_text()
    # Nothing is unpacked to disk.
    names = {path.name for path in data_dir.rglob("*") if path.is_file()}
    assert not any(name.endswith(".txt") for name in names - {"vocab.txt"})


def test_what_is_missing_is_named(run, data_dir):
    shutil.rmtree(data_dir / "openwebtext")
    shown = run(PROGRAM, "--data-dir", str(data_dir))
    assert shown.returncode == 1
    assert f"No file or folder at {data_dir}/openwebtext" in shown.stderr
    shown = run(PROGRAM)
    assert shown.returncode == 2
    assert "--data_dir is required" in shown.stderr


def test_the_outer_archive_is_to_be_unpacked(run, data_dir):
    inner = data_dir / "openwebtext" / "urlsf_subset00-0_data.xz"
    outer = corpora.as_tar([(inner.name, inner.read_bytes())])
    shutil.rmtree(data_dir / "openwebtext")
    (data_dir / "openwebtext").mkdir()
    path = data_dir / "openwebtext" / "openwebtext.tar.xz"
    path.write_bytes(lzma.compress(outer))
    shown = run(PROGRAM, f"--data-dir={data_dir}")
    assert shown.returncode == 1
    assert "is itself an archive, compressed, or no plain" in shown.stderr


def test_both_builders_give_the_same(run, data_dir, tmp_path):
    assert run(PROGRAM, f"--data_dir={data_dir}").returncode == 0
    shown = run(
        "build_pretraining_dataset",
        f"--corpus_dir={data_dir}/openwebtext",
        f"--vocab_file={data_dir}/vocab.txt",
        f"--output_dir={tmp_path / 'out'}",
        "--corpus_format=tar",
        "--noblank_lines_separate_documents",
    )
    assert shown.returncode == 0, shown.stderr
    expected = json.loads((tmp_path / "out" / "manifest.json").read_text())
    # Beside its records the one builder's vocabulary needs no path.
    del expected["vocab_file"]
    output = data_dir / "pretrain_tfrecords" / "manifest.json"
    assert json.loads(output.read_text()) == expected
