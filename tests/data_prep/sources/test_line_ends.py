"""Lines end in line feeds, or, where there is none, in carriage returns."""

import pytest

from data_prep import corpus
from data_prep.dataset_config import CorpusConfig
from data_prep.sources import formats, lines
from data_prep.sources.data_issues import DataIssues
from data_prep.sources.unit import Reading
from tests.data_prep.sources.corpora import as_parquet, as_tar


def read(folder, **settings):
    """Return the documents of a folder, and what is wrong with its text."""
    config = CorpusConfig(corpus_dir=folder, **settings)
    reading = Reading(config, DataIssues())
    found = [
        list(document)
        for file in corpus.list_files(config)
        for unit in formats.FORMATS[file.format].cut(file, 10, config)
        for document in formats.documents(unit, reading)
    ]
    return found, {k: v for k, v in reading.issues.counts.items() if v}


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize("block", [3, 1000])
def test_line_ends_of_text(tmp_path, monkeypatch, end, block):
    monkeypatch.setattr(lines, "BYTES_PER_BLOCK", block)
    text = end.join(["the king", "was lost", "", "a tower"]).encode()
    (tmp_path / "a.txt").write_bytes(text)
    (tmp_path / "b.tar").write_bytes(as_tar([("c.txt", text + end.encode())]))
    documents, issues = read(tmp_path)
    assert documents == [["the king", "was lost"], ["a tower"]] * 2
    assert not issues


def test_places_in_text_with_carriage_returns(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "the"}\r{"text": "\xff"}\r')
    config = CorpusConfig(corpus_dir=tmp_path)
    reading = Reading(config, DataIssues())
    (file,) = corpus.list_files(config)
    (unit,) = formats.FORMATS["jsonl"].cut(file, 10, config)
    assert [*formats.documents(unit, reading)] == [["the"], ["\ufffd"]]
    (place,) = reading.issues.places["undecodable_lines"]
    assert place == f"{tmp_path}/a.jsonl, byte 16"


def test_carriage_returns_beside_line_feeds_end_no_line(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"the\rking\nwas\n\na\rtower")
    assert read(tmp_path)[0] == [["the\rking", "was"], ["a\rtower"]]


def test_texts_of_records(tmp_path):
    (tmp_path / "a.jsonl").write_text(
        r'{"text": "the king\rwas lost"}' "\n" r'{"text": "the\rking\nwas"}'
    )
    (tmp_path / "b.parquet").write_bytes(as_parquet([["a\rtower"]]))
    assert read(tmp_path)[0] == [
        ["the king", "was lost"],
        ["the\rking", "was"],
        ["a", "tower"],
    ]
