"""Lines of files and parts of files."""

import pytest

from data_prep.dataset_config import CorpusConfig
from data_prep.sources import line_formats, lines
from data_prep.sources.data_issues import DataIssues
from data_prep.sources.unit import Reading, SourceFile, whole


@pytest.fixture
def reading():
    return Reading(CorpusConfig(corpus_dir="unused"), DataIssues())


def write(tmp_path, content, name="a.txt"):
    path = tmp_path / name
    path.write_bytes(content)
    return SourceFile("text", str(path), name, len(content))


def read(unit, reading):
    return list(lines.lines_of(unit, reading))


@pytest.mark.parametrize("step", [1, 5, 1 << 16])
def test_splits_are_at_blank_lines(tmp_path, reading, monkeypatch, step):
    monkeypatch.setattr(line_formats, "BYTES_PER_SEARCH", step)
    document = b"one line\r\nand another\r\n \t\r\n"
    file = write(tmp_path, document * 50)
    units = line_formats.split(file, 100, line_formats.BLANK_LINE)
    assert len(units) > 5
    assert [u.start for u in units[1:]] == [u.end for u in units[:-1]]
    assert units[-1].end == file.bytes
    for unit in units:
        assert unit.bytes % len(document) == 0
        assert unit.bytes >= 100
    joined = [line for unit in units for line in read(unit, reading)]
    assert joined == read(whole(file), reading)


def test_text_without_blank_lines_stays_whole(tmp_path):
    file = write(tmp_path, b"a line\n" * 100)
    assert line_formats.split(file, 10, line_formats.BLANK_LINE) == [
        whole(file)
    ]


@pytest.mark.parametrize("block", [1, 7, 1000])
def test_blocks_do_not_change_lines(tmp_path, reading, monkeypatch, block):
    monkeypatch.setattr(lines, "BYTES_PER_BLOCK", block)
    text = " the caf\u00e9 \r\n\n\u3000x\n\nlast".encode()
    unit = whole(write(tmp_path, text))
    read_bytes = []
    found = read(unit, reading._replace(on_read=read_bytes.append))
    assert found == ["the caf\u00e9", "", "x", "", "last"]
    assert sum(read_bytes) == len(text)
    numbered = lines.lines_of(unit, reading, lines.numbered_lines)
    for offset, line in numbered:
        assert text[offset:].startswith(line.strip("\n").encode())


def test_places_of_what_is_wrong(tmp_path, reading):
    # A U+FFFD that is in the text itself is no fault.
    file = write(tmp_path, b"a\xffb\n\xef\xbf\xbd\ngood\0\n\xc3\n")
    found = read(whole(file), reading)
    assert found == ["a\ufffdb", "\ufffd", "good\0", "\ufffd"]
    assert reading.issues.places["undecodable_lines"] == [
        f"{file.path}, byte 0",
        f"{file.path}, byte 14",
    ]
    assert reading.issues.places["lines_with_nul"] == [f"{file.path}, byte 8"]
    assert reading.issues.counts["undecodable_lines"] == 2


def test_endless_lines(tmp_path, reading, monkeypatch):
    monkeypatch.setattr(lines, "BYTES_PER_BLOCK", 10)
    monkeypatch.setattr(lines, "MOST_BYTES_PER_LINE", 100)
    unit = whole(write(tmp_path, b"short\n" + b"x" * 150))
    with pytest.raises(ValueError, match=r"a\.txt, byte 0: .* 100 bytes"):
        read(unit, reading)


def test_a_file_that_becomes_shorter(tmp_path, reading):
    unit = whole(write(tmp_path, b"the king\n" * 10))
    write(tmp_path, b"the king\n")
    with pytest.raises(ValueError, match=r"became shorter .* 9 bytes, 90"):
        read(unit, reading)
