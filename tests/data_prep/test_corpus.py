"""The files of a corpus, and dealing them out to jobs."""

import contextlib
import gzip
import io
import os
import pathlib
import subprocess
import sys
import tempfile

import pytest

from data_prep import corpus
from data_prep.dataset_config import CorpusConfig
from data_prep.sources import formats
from data_prep.sources.data_issues import DataIssues
from data_prep.sources.unit import Reading
from electra_tf.errors import UserError

NOBODY = 65534


def names(place):
    files = corpus.list_files(CorpusConfig(corpus_dir=str(place)))
    return [file.name for file in files]


def test_files_are_listed_in_order(corpus_dir):
    assert names(corpus_dir) == [
        "big.txt",
        "empty.txt",
        "more/b.txt",
        "odd.txt",
    ]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.txt", ["big.txt", "empty.txt", "odd.txt"]),
        ("**/b*", ["big.txt", "more/b.txt"]),
        ("m[a-o]re", ["more/b.txt"]),
        ("more/b.txt", ["b.txt"]),
        ("more/", ["b.txt"]),
    ],
)
def test_patterns_and_single_files(corpus_dir, pattern, expected):
    assert names(f"{corpus_dir}/{pattern}") == expected
    # With a scheme, TensorFlow lists them.
    if "**" not in pattern:
        assert names(f"file://{corpus_dir}/{pattern}") == expected


def test_a_file_whose_name_looks_like_a_pattern(tmp_path):
    (tmp_path / "a[1].txt").write_text("the king")
    assert names(tmp_path / "a[1].txt") == ["a[1].txt"]


@pytest.mark.parametrize("place", ["nowhere", "no*where", "file:///nowhere"])
def test_nothing_there(place):
    with pytest.raises(FileNotFoundError, match="No file or folder at"):
        names(place)


def test_linked_folders_are_read(corpus_dir, tmp_path):
    (tmp_path / "link").symlink_to(corpus_dir / "more")
    assert names(tmp_path) == ["link/b.txt"]
    (tmp_path / "circle").symlink_to(tmp_path)
    with pytest.raises(OSError, match="circle is a link to a folder it is in"):
        names(tmp_path)


def test_what_cannot_be_read_is_not_passed_over(tmp_path):
    (tmp_path / "a.txt").write_text("the king")
    link = tmp_path / "gone.txt"
    link.symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"gone\.txt cannot be read"):
        names(tmp_path)
    link.unlink()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="pipe is neither a file nor a folder"):
        names(tmp_path)


def test_hidden_files_that_are_named_are_told(tmp_path):
    (tmp_path / ".text").write_text("the king")
    for place in (tmp_path, tmp_path / ".text", tmp_path / ".t*"):
        with pytest.raises(FileNotFoundError, match=r"any text\. Hidden files"):
            names(place)
    (tmp_path / "empty").touch()
    with pytest.raises(FileNotFoundError, match=r"file with any text\.$"):
        names(tmp_path)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "Standard input is empty. Pipe text"),
        (gzip.compress(b"the king"), "Standard input is compressed by gzip. U"),
        (b"BZh", "Standard input is compressed by bzip2. Unpack it on its way"),
        (b"%PDF-1.7", "Standard input is a PDF document. Convert it to text"),
        (b'{"text": "the"}', "Standard input is JSON lines. Give --corpus_for"),
    ],
)
def test_errors_of_standard_input(monkeypatch, content, error):
    given = io.TextIOWrapper(io.BytesIO(content))
    monkeypatch.setattr(sys, "stdin", given)
    config = CorpusConfig(corpus_dir="-")
    with (
        pytest.raises((UserError, FileNotFoundError)) as raised,
        corpus.standard_input_as_file(config) as config,
    ):
        reading = Reading(config, DataIssues())
        for file in corpus.list_files(config):
            for unit in formats.FORMATS[file.format].cut(file, 99, config):
                list(formats.documents(unit, reading))
    assert str(raised.value).startswith(error)


def test_closed_standard_input(vocab_file, tmp_path):
    command = [
        *(sys.executable, "-m", "data_prep.build_pretraining_dataset"),
        *("--corpus_dir=-", f"--vocab_file={vocab_file}"),
        f"--output_dir={tmp_path / 'out'}",
    ]
    shown = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", *command],
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 1
    assert "stdin is closed; give a file instead" in shown.stderr


@contextlib.contextmanager
def not_as_root():
    """Root may read everything, so be somebody else."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize("name", ["a.txt", "more"])
def test_permissions(name):
    # Not pytest's folder, which nobody else may enter.
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        root.chmod(0o755)
        (root / "a.txt").write_text("the king")
        (root / "more").mkdir()
        (root / name).chmod(0)
        with (
            not_as_root(),
            pytest.raises(PermissionError, match=f"{name} cannot be read"),
        ):
            names(root)


def test_unknown_schemes():
    with pytest.raises(ValueError, match="nosuch://"):
        names("nosuch://bucket/corpus")


def test_formats_that_are_not_read(tmp_path):
    (tmp_path / "a.zip").write_text("PK")
    with pytest.raises(ValueError, match=r"a\.zip is of a format that"):
        names(tmp_path)
    config = CorpusConfig(corpus_dir=str(tmp_path), corpus_format="text")
    assert corpus.list_files(config)[0].format == "text"


def test_one_source_is_given():
    for settings in ({}, {"corpus_dir": "a", "tfds_name": "b"}):
        with pytest.raises(ValueError, match="either --corpus_dir or"):
            CorpusConfig(**settings)


def test_jobs_get_equal_shares(corpus_dir, monkeypatch):
    monkeypatch.setattr(corpus, "BYTES_PER_JOB", 100_000)
    monkeypatch.setattr(corpus, "SMALLEST_UNIT", 1000)
    config = CorpusConfig(corpus_dir=corpus_dir)
    files = corpus.list_files(config)
    dealt = corpus.deal_out(files, 8, config, seed=3)
    assert dealt == corpus.deal_out(files, 8, config, seed=3)
    assert dealt != corpus.deal_out(files, 8, config, seed=4)
    sizes = [sum(unit.bytes for unit in job) for job in dealt]
    assert sum(sizes) == sum(file.bytes for file in files)
    # Six jobs, of which the first two write two of the eight files each.
    shares = [
        size / n for size, n in zip(sizes, (2, 2, 1, 1, 1, 1), strict=True)
    ]
    assert max(shares) < 1.1 * min(shares)
    config = config.replace(blank_lines_separate_documents=False)
    whole = corpus.deal_out(files, 8, config, seed=3)
    assert sum(map(len, whole)) == len(files)


def test_a_sample_is_from_all_over(corpus_dir, monkeypatch):
    monkeypatch.setattr(corpus, "BYTES_PER_SAMPLE", 10_000)
    config = CorpusConfig(corpus_dir=corpus_dir)
    units = corpus.sample(corpus.list_files(config), 100_000, config, seed=0)
    assert 100_000 <= sum(unit.bytes for unit in units) < 125_000


@pytest.mark.parametrize(
    ("place", "path", "is_apart"),
    [
        ("text", "text/vocab.txt", False),
        ("text", "vocab.txt", True),
        ("text/*.txt", "text/vocab.txt", False),
        ("text/*.txt", "text/records", True),
        ("text/*.jsonl", "text/vocab.txt", True),
        ("text/*/*.json", "text/records", False),  # Of its manifest.json.
        ("text/**", "text/records", False),
        ("-", "records", True),
    ],
)
def test_what_programs_write_is_no_text(
    tmp_path, monkeypatch, place, path, is_apart
):
    monkeypatch.chdir(tmp_path)
    config = CorpusConfig(corpus_dir=place)
    allowed = contextlib.nullcontext()
    refused = pytest.raises(UserError, match=r"--out=.* is within --corpus_dir")
    with allowed if is_apart else refused:
        corpus.check_apart(config, "--out", path, "manifest.json")


def test_what_links_lead_to_is_within_the_corpus(tmp_path):
    for name in ("text", "data", "data/in"):
        (tmp_path / name).mkdir()
    (tmp_path / "data" / "vocab.txt").write_text("[PAD]")
    (tmp_path / "text" / "words").symlink_to("../data/vocab.txt")
    (tmp_path / "text" / "folder").symlink_to(tmp_path / "data" / "in")
    config = CorpusConfig(corpus_dir=tmp_path / "text")
    for path in ("data/vocab.txt", "data/in/new/records", "data/in"):
        with pytest.raises(UserError, match="is within --corpus_dir"):
            corpus.check_apart(config, "--out", str(tmp_path / path))
    corpus.check_apart(config, "--out", str(tmp_path / "data" / "new.txt"))
