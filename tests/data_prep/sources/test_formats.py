"""The same documents give the same examples, whatever holds them."""

import io
import subprocess
import sys

import pytest

from data_prep import corpus
from data_prep.dataset_config import CorpusConfig
from data_prep.sources import formats, line_formats
from data_prep.sources.data_issues import DataIssues
from data_prep.sources.unit import Reading, SourceFile
from tests.data_prep.sources.corpora import (
    FILES,
    as_parquet,
    as_text,
    counts_of,
    flags_of,
    make_documents,
    manifest_of,
    records_of,
)


@pytest.fixture(scope="module")
def written(documents, tmp_path_factory):
    """Return a folder that holds one file, in the format of its name."""
    root = tmp_path_factory.mktemp("formats")

    def write(name):
        folder = root / name.replace(".", "_")
        if not folder.exists():
            folder.mkdir()
            (folder / name).write_bytes(FILES[name](documents))
        return folder

    return write


@pytest.fixture
def expected(written, build):
    return build(written("a.txt"), held_out_share=0.1)


@pytest.mark.parametrize("name", FILES)
def test_examples_are_the_same(written, build, expected, documents, name):
    built = build(written(name), held_out_share=0.1, **flags_of(name))
    assert records_of(built) == records_of(expected)
    counts = counts_of(built)
    assert counts == counts_of(expected)
    assert counts["documents"] == len(documents)


def test_standard_input(build, expected, documents, monkeypatch, run):
    given = io.TextIOWrapper(io.BytesIO(as_text(documents)))
    monkeypatch.setattr(sys, "stdin", given)
    built = build("-", held_out_share=0.1)
    assert records_of(built) == records_of(expected)
    # Which text it was is part of what the records depend on.
    assert "stdin-" in str(manifest_of(built)["sources"])


def test_paths_with_a_scheme(written, build, expected):
    for name in ("a.txt", "a.gz", "a.parquet"):
        built = build(f"file://{written(name)}/a.*", held_out_share=0.1)
        assert records_of(built) == records_of(expected), name


def test_fields_and_columns_have_names(build, tmp_path, documents):
    (tmp_path / "a.jsonl").write_text('{"body": "the king", "text": "x"}\n')
    counts = counts_of(build(tmp_path / "a.jsonl", text_field="body"))
    assert counts["tokens"] == 2
    content = as_parquet([["the king"]], column="body")
    (tmp_path / "a.parquet").write_bytes(content)
    counts = counts_of(build(tmp_path / "a.parquet", text_field="body"))
    assert counts["tokens"] == 2


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.parquet", "wiki_00"])
def test_large_files_are_split(tmp_path, name, documents, monkeypatch):
    monkeypatch.setattr(line_formats, "BYTES_PER_SEARCH", 100)
    make = FILES[name]
    content = make(documents, 8) if make is as_parquet else make(documents)
    (tmp_path / name).write_bytes(content)
    config = CorpusConfig(corpus_dir=tmp_path, **flags_of(name))
    path = str(tmp_path / name)
    file = SourceFile(formats.format_of(path, config), path, name, len(content))
    units = formats.FORMATS[file.format].cut(file, len(content) // 10, config)
    assert 5 <= len(units) <= 10
    assert sum(unit.bytes for unit in units) == len(content)
    reading = Reading(config, DataIssues())
    found = [
        list(document)
        for unit in units
        for document in formats.documents(unit, reading)
    ]
    assert found == documents
    assert not any(reading.issues.counts.values())


@pytest.mark.parametrize("name", ["a.jsonl", "a.json.gz", "a.parquet"])
def test_processes_do_not_change_a_byte(build, tmp_path, monkeypatch, name):
    monkeypatch.setattr(corpus, "BYTES_PER_JOB", 20_000)
    monkeypatch.setattr(corpus, "SMALLEST_UNIT", 5_000)
    for number in range(3):
        folder = tmp_path / "corpus" / str(number)
        folder.mkdir(parents=True)
        content = FILES[name](make_documents(1000, seed=number))
        (folder / name).write_bytes(content)
    one, two = (
        build(
            tmp_path / "corpus",
            num_processes=processes,
            num_out_files=3,
            held_out_share=0.1,
        )
        for processes in (1, 2)
    )
    assert one == two
    assert counts_of(one)["documents"] == 3000
    # Three jobs, which may have run at the same time.
    assert sum("held_out" in file for file in one) == 3


def test_optional_libraries_are_imported_when_needed():
    program = (
        "import sys, data_prep.build_pretraining_dataset, data_prep.build_vocab"
        "\nprint({'pyarrow', 'zstandard', 'tensorflow',"
        " 'tensorflow_datasets'} & set(sys.modules))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )
    assert shown.stdout == "set()\n", shown.stderr


@pytest.mark.parametrize(
    ("library", "name"), [("pyarrow", "a.parquet"), ("zstandard", "a.zst")]
)
def test_missing_libraries(written, build, monkeypatch, library, name):
    folder = written(name)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ValueError, match=f"pip install '?{library}"):
        build(folder)
