"""The build by Beam makes the records of the build on one machine."""

import builtins
import gzip

import pytest

from data_prep import beam_build, build_pretraining_dataset, corpus
from data_prep.dataset_config import PretrainingDatasetConfig
from electra_tf.io import manifest
from tests.data_prep.sources import corpora

WORKERS = (
    "--runner=DirectRunner",
    "--direct_num_workers=2",
    "--direct_running_mode=multi_processing",
)
HERE = ("--runner=FnApiRunner",)
# A job server of its own, as Flink and Spark have one, and its protocol.
PORTABLE = (
    "--runner=PortableRunner",
    "--job_endpoint=embed",
    "--environment_type=LOOPBACK",
)


@pytest.fixture
def beam():
    return pytest.importorskip("apache_beam")


@pytest.fixture
def config(tmp_path, vocab_file, monkeypatch):
    """A corpus of text, JSON lines and gzip, with copies in it."""
    monkeypatch.setattr(corpus, "BYTES_PER_JOB", 10_000)
    monkeypatch.setattr(corpus, "SMALLEST_UNIT", 2000)
    folder = tmp_path / "corpus"
    folder.mkdir()
    documents = corpora.make_documents(600)
    copies = corpora.make_documents(120, seed=1)
    (folder / "a.txt").write_bytes(corpora.as_text(documents + copies[:60]))
    lines = corpora.as_json_lines(copies + copies[:30])
    (folder / "b.jsonl").write_bytes(lines)
    with gzip.open(folder / "c.txt.gz", "wb") as file:
        file.write(corpora.as_text(copies[30:] + documents[:50]))
    return PretrainingDatasetConfig(
        corpus_dir=str(folder),
        vocab_file=str(vocab_file),
        output_dir=str(tmp_path / "beam"),
        max_seq_length=32,
        num_out_files=5,
        held_out_share=0.1,
    )


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def same(tmp_path, config, beam_flags):
    """Build both ways; return the manifest if all bytes are equal."""
    one = config.replace(output_dir=str(tmp_path / "one"))
    build_pretraining_dataset.main(one)
    beam_build.main(beam_flags, config)
    assert contents(tmp_path / "beam") == contents(tmp_path / "one")
    return manifest.read(config.output_dir)


@pytest.mark.parametrize("runner", [WORKERS, PORTABLE])
def test_several_workers_make_the_same_bytes(beam, tmp_path, config, runner):
    made = same(
        tmp_path,
        config.replace(
            drop_duplicate_documents=True, drop_duplicate_lines=True
        ),
        runner,
    )
    assert len(made.training) == len(made.held_out) == 5
    assert made.counts["duplicate_documents"] == 60 + 30 + 90 + 50
    assert made.counts["duplicate_lines"] > 0


def test_near_duplicates_and_other_options(beam, tmp_path, config):
    pytest.importorskip("datasketch")
    made = same(
        tmp_path,
        config.replace(
            drop_near_duplicates=0.6, compression="GZIP", padded=False
        ),
        HERE,
    )
    assert made.counts["near_duplicate_documents"] >= 60 + 30 + 90 + 50


def test_goes_on_and_has_nothing_to_do(beam, tmp_path, config, capsys):
    beam_build.main(HERE, config)
    expected = contents(tmp_path / "beam")
    capsys.readouterr()
    beam_build.main(HERE, config)
    assert "Nothing to do" in capsys.readouterr().out
    with pytest.raises(ValueError, match="seed: 0 there, 1 now"):
        beam_build.main(HERE, config.replace(seed=1))

    (tmp_path / "beam" / "manifest.json").unlink()
    with pytest.raises(ValueError, match="is not empty"):
        beam_build.main(HERE, config)
    assert len(contents(tmp_path / "beam")) == len(expected) - 1


def test_a_failed_build_goes_on(beam, tmp_path, config, monkeypatch, capsys):
    expected = same(tmp_path, config, HERE)
    from data_prep.builds import beam_folder

    put = beam_folder.BeamFolder.put

    def fail(self, number, result, folder):
        if number == 2:
            raise OSError("no room")
        put(self, number, result, folder)

    other = config.replace(output_dir=str(tmp_path / "again"))
    with monkeypatch.context() as patch:
        patch.setattr(beam_folder.BeamFolder, "put", fail)
        with pytest.raises((RuntimeError, OSError), match="no room"):
            beam_build.main(HERE, other)
    # Nothing that training would take for records.
    assert [path.name for path in (tmp_path / "again").iterdir()] == [
        ".unfinished"
    ]
    with pytest.raises(ValueError, match="seed: 0 there, 1 now"):
        beam_build.main(HERE, other.replace(seed=1))
    capsys.readouterr()
    beam_build.main(HERE, other)
    shown = capsys.readouterr().out
    assert "of 5 jobs are finished" in shown
    assert "5 of 5" not in shown
    assert contents(tmp_path / "again") == contents(tmp_path / "beam")
    assert manifest.read(other.output_dir) == expected


def test_nothing_stays_of_text_without_examples(beam, tmp_path, config):
    folder = tmp_path / "blank"
    folder.mkdir()
    (folder / "a.txt").write_text("\x01\n\n\x02")
    blank = config.replace(corpus_dir=str(folder))
    with pytest.raises(ValueError, match="gives no training example"):
        beam_build.main(HERE, blank)
    assert contents(tmp_path / "beam") == {}


def test_program(beam, run, corpus_dir, vocab_file, tmp_path):
    flags = (
        f"--corpus_dir={corpus_dir}",
        f"--vocab_file={vocab_file}",
        f"--output_dir={tmp_path / 'out'}",
        "--max-seq-length=32",
    )
    shown = run("beam_build", *flags, "--", *HERE)
    assert shown.returncode == 0, shown.stderr
    assert "training and 0 held-out examples" in shown.stdout
    shown = run("inspect", str(tmp_path / "out"), "--examples=0")
    assert shown.returncode == 0, shown.stderr
    assert "0 wrong" in shown.stdout


def test_standard_input_is_refused(config):
    with pytest.raises(ValueError, match="other machines"):
        beam_build.main((), config.replace(corpus_dir="-"))


def test_beam_has_to_be_installed(config, monkeypatch):
    ordinary = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name.startswith(("apache_beam", "data_prep.builds.beam")):
            raise ImportError(name, name="apache_beam")
        return ordinary(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ValueError, match=r"electra_tf\[beam\]"):
        beam_build.main((), config)
