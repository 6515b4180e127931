"""Cutting files into units and reading them."""

import pytest

from data_prep import corpus


def write(tmp_path, content, name="a.txt"):
    path = tmp_path / name
    path.write_bytes(content)
    return corpus.Unit(str(path), 0, len(content))


def test_files_are_listed_in_order(corpus_dir):
    names = [file.name for file in corpus.list_files(corpus_dir)]
    assert names == ["big.txt", "more/b.txt", "odd.txt"]


def test_splits_are_at_blank_lines(tmp_path):
    document = b"one line\r\nand another\r\n \t\r\n"
    whole = write(tmp_path, document * 50)
    units = corpus.split(whole, 100)
    assert len(units) > 5
    assert [u.start for u in units[1:]] == [u.end for u in units[:-1]]
    assert units[-1].end == whole.end
    for unit in units:
        assert unit.bytes % len(document) == 0
        assert unit.bytes >= 100
    joined = [line for unit in units for line in corpus.lines_of(unit)]
    assert joined == list(corpus.lines_of(whole))


def test_text_without_blank_lines_stays_whole(tmp_path):
    whole = write(tmp_path, b"a line\n" * 100)
    assert corpus.split(whole, 10) == [whole]


def test_jobs_get_equal_shares(corpus_dir, monkeypatch):
    monkeypatch.setattr(corpus, "BYTES_PER_JOB", 100_000)
    monkeypatch.setattr(corpus, "SMALLEST_UNIT", 1000)
    files = corpus.list_files(corpus_dir)
    dealt = corpus.deal_out(corpus_dir, files, 8, True, seed=3)
    assert dealt == corpus.deal_out(corpus_dir, files, 8, True, seed=3)
    assert dealt != corpus.deal_out(corpus_dir, files, 8, True, seed=4)
    sizes = [sum(unit.bytes for unit in job) for job in dealt]
    assert sum(sizes) == sum(file.bytes for file in files)
    # Six jobs, of which the first two write two of the eight files each.
    shares = [
        size / n for size, n in zip(sizes, (2, 2, 1, 1, 1, 1), strict=True)
    ]
    assert max(shares) < 1.1 * min(shares)
    whole = corpus.deal_out(corpus_dir, files, 8, False, seed=3)
    assert sum(map(len, whole)) == len(files)


@pytest.mark.parametrize("block", [1, 7, 1000])
def test_blocks_do_not_change_lines(tmp_path, monkeypatch, block):
    monkeypatch.setattr(corpus, "BYTES_PER_BLOCK", block)
    unit = write(tmp_path, " the caf\u00e9 \r\n\n\u3000x\n\nlast".encode())
    seen = []
    lines = list(corpus.lines_of(unit, lambda *counts: seen.append(counts)))
    assert lines == ["the caf\u00e9", "", "x", "", "last"]
    assert sum(size for size, _ in seen) == unit.bytes


def test_undecodable_lines_are_counted(tmp_path):
    # A U+FFFD that is in the text itself is no fault.
    unit = write(tmp_path, b"a\xffb\n\xef\xbf\xbd\ngood\n\xc3\n")
    seen = []
    lines = list(corpus.lines_of(unit, lambda _, bad: seen.append(bad)))
    assert lines == ["a\ufffdb", "\ufffd", "good", "\ufffd"]
    assert sum(seen) == 2


def test_a_sample_is_from_all_over(corpus_dir, monkeypatch):
    monkeypatch.setattr(corpus, "BYTES_PER_BLOCK", 10_000)
    files = corpus.list_files(corpus_dir)
    units = corpus.sample(corpus_dir, files, 100_000, seed=0)
    assert 100_000 <= sum(unit.bytes for unit in units) < 125_000
