"""Every program, given URLs: it works on them, or refuses before any work.

None takes a URL for a path, which would make a folder called `gs:` or alike.
"""

import io
import pathlib
import re
import runpy
import sys
import tarfile

import pytest

from electra_tf.configs import PretrainingConfig, from_flags
from electra_tf.errors import UserError
from electra_tf.io import files, listing
from tests import commands

STORE = "memory://urls"
RECORDS = f"{STORE}/pretrain_tfrecords"
VOCABULARY = f"--vocab_file={STORE}/vocab.txt"
IN_BUCKETS = "tests/test_buckets.py runs it"
REFUSED = "must be on a file system of this machine"
# How programs are called with URLs, and what they then say at their end. Those
# of benchmarks are here that write files.
COMMANDS = {
    "benchmarks.gpu": ([f"--output={STORE}/gpu.json"], REFUSED),
    "benchmarks.study": ([f"--output_dir={STORE}/study"], REFUSED),
    "benchmarks.study.language": ([f"--output_dir={STORE}/language"], REFUSED),
    "data_prep.beam_build": (
        [f"--corpus_dir={STORE}/text", VOCABULARY, f"--output_dir={STORE}/new"],
        "must be known to Beam",
    ),
    "data_prep.build_docstring_corpus": (
        [f"--output_dir={STORE}/docstrings"],
        REFUSED,
    ),
    "data_prep.build_openwebtext_pretraining_dataset": (
        [f"--data_dir={STORE}/web", "--num_processes=1"],
        None,
    ),
    "data_prep.build_pretraining_dataset": IN_BUCKETS,
    "data_prep.build_vocab": IN_BUCKETS,
    "data_prep.count_tokens": ([RECORDS, VOCABULARY], None),
    "data_prep.inspect": (
        [RECORDS, VOCABULARY, f"--plot={STORE}/plot.png"],
        None,
    ),
    "demo": ([f"--output_dir={STORE}/demo"], REFUSED),
    "electra_tf.conversion.convert": IN_BUCKETS,
    "electra_tf.conversion.verify_release": (
        [f"{STORE}/model"],
        "No checkpoint at ",
    ),
    "electra_tf.doctor": (
        [f"--flagfile={STORE}/none.flags"],
        "--flagfile names no file or preset",
    ),
    "electra_tf.doctor.probe": ([], None),
    "electra_tf.efficiency.curves": (
        [f"{STORE}/run", f"--to={STORE}/curves.png"],
        None,
    ),
    "electra_tf.efficiency.plots": ([f"--output_dir={STORE}/plots"], REFUSED),
    "electra_tf.efficiency.report": ([f"--config={STORE}/run.flags"], None),
    "electra_tf.finetuning.export": IN_BUCKETS,
    "electra_tf.finetuning.predict": IN_BUCKETS,
    "electra_tf.pretraining.detect": (
        [f"--model_folder={STORE}/model", "a good film"],
        None,
    ),
    "electra_tf.pretraining.score": (
        [f"--model_folder={STORE}/model", f"--input={STORE}/texts"],
        None,
    ),
    "run_finetuning": IN_BUCKETS,
    "run_pretraining": IN_BUCKETS,
}
CALLED = [name for name, how in COMMANDS.items() if how != IN_BUCKETS]
WRITES = re.compile(r'(?:add|argument)\("--output|output_dir: str')


def programs() -> set[str]:
    """Return the modules that are programs, as `python -m` names them."""
    found = set()
    for folder in (".", "data_prep", "electra_tf", "demo", "benchmarks"):
        glob = "*.py" if folder == "." else "**/*.py"
        for path in (commands.ROOT / folder).glob(glob):
            text = path.read_text("utf-8")
            is_program = 'if __name__ == "__main__":' in text
            parts = path.relative_to(commands.ROOT).with_suffix("").parts
            if folder == "benchmarks":
                beside = path.parent.rglob("*.py")
                texts = (
                    [text]
                    if path.name != "__main__.py"
                    else [other.read_text("utf-8") for other in beside]
                )
                is_program &= any(map(WRITES.search, texts))
            if is_program:
                found.add(".".join(parts).removesuffix(".__main__"))
    return found


def test_every_program_is_here():
    assert set(COMMANDS) == programs()


def test_those_of_the_buckets_are_run_there():
    text = (commands.ROOT / "tests/test_buckets.py").read_text("utf-8")
    for name in set(COMMANDS) - set(CALLED):
        assert f"{name.rpartition('.')[2]}.main(" in text, name


@pytest.fixture(scope="module")
def store(data_dir, model_folder):
    """A store with an input of each kind."""
    for source, target in (
        (data_dir / "corpus", "text"),
        (data_dir / "pretrain_tfrecords", "pretrain_tfrecords"),
        (model_folder, "model"),
    ):
        for path, _ in listing.find(str(source))[1]:
            name = path.removeprefix(str(source))
            files.write(f"{STORE}/{target}{name}", files.read(path))
    vocabulary = files.read(data_dir / "vocab.txt")
    files.write(f"{STORE}/vocab.txt", vocabulary)
    files.write(f"{STORE}/web/vocab.txt", vocabulary)
    files.write(f"{STORE}/web/openwebtext/a.tar", archive(data_dir / "corpus"))
    files.write(f"{STORE}/texts", "a good film\nwhat a bad film\n")
    files.write(f"{STORE}/run/metrics.jsonl", '{"step": 1, "loss": 2.0}\n')
    files.write(f"{STORE}/run.flags", "--model_size=small\n--seed=7\n")
    return STORE


def archive(folder: pathlib.Path) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        tar.add(folder / "0.txt", "0.txt")
    return made.getvalue()


def run(name: str, arguments: list[str], monkeypatch) -> str:
    """Run a program as `python -m` does; return what it ends with."""
    monkeypatch.setattr(sys, "argv", [name, *arguments])
    monkeypatch.delitem(sys.modules, name, raising=False)
    try:
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return str(end.code or "")
    return ""


@pytest.mark.parametrize("name", CALLED)
def test_no_folder_is_called_like_a_scheme(
    name, store, tmp_path, monkeypatch, capsys
):
    arguments, expected = COMMANDS[name]
    if name == "data_prep.beam_build":
        pytest.importorskip("apache_beam")
    monkeypatch.chdir(tmp_path)
    ended = run(name, arguments, monkeypatch)
    if expected is None:
        assert ended == ""
    else:
        assert expected in ended + capsys.readouterr().err
    assert [*tmp_path.iterdir()] == []


def test_what_is_written_is_in_the_store(store, tmp_path, monkeypatch):
    assert "token_counts.json" in listing.names_in(RECORDS)
    assert "manifest.json" in listing.names_in(
        f"{STORE}/web/pretrain_tfrecords"
    )
    assert files.read(f"{STORE}/plot.png").startswith(b"\x89PNG")


def test_flag_files_and_hparams(store):
    files.write(f"{STORE}/hparams.json", '{"train_batch_size": 3}')
    flags = ["--data_dir=d", "--model_name=m", f"--flagfile={STORE}/run.flags"]
    config = from_flags.read(
        PretrainingConfig, ["x", *flags, f"--hparams={STORE}/hparams.json"]
    )
    assert (config.seed, config.train_batch_size) == (7, 3)
    with pytest.raises(UserError, match="names no file or preset"):
        from_flags.read(PretrainingConfig, ["x", f"--flagfile={STORE}/no"])
