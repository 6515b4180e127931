"""Files and columns that are not what they seem."""

import bz2
import codecs
import gzip
import io
import lzma
import re

import pytest

from data_prep import corpus
from electra_tf.errors import UserError
from tests.data_prep.sources.corpora import (
    as_json_lines,
    as_parquet,
    as_tar,
    as_zstd,
    counts_of,
)


@pytest.mark.parametrize("end", ["le", "be"])
@pytest.mark.parametrize("bits", [16, 32])
def test_wide_encodings_are_told_apart(tmp_path, build, bits, end):
    mark = getattr(codecs, f"BOM_UTF{bits}_{end.upper()}")
    content = mark + "the king".encode(f"utf-{bits}-{end}")
    (tmp_path / "a.txt").write_bytes(content)
    message = rf"is UTF-{bits} text\. Convert it: iconv -f UTF-{bits} -t UTF-8"
    with pytest.raises(UserError, match=message):
        build(tmp_path / "a.txt")


@pytest.mark.parametrize(
    ("text", "codec", "encoding"),
    [
        ("\u738b\u3055\u307e", "iso2022_jp", "ISO-2022-JP"),
        ("the \uc655", "iso2022_kr", "ISO-2022-KR"),
    ],
)
def test_encodings_of_seven_bits(tmp_path, build, text, codec, encoding):
    pytest.importorskip("pyarrow")
    content = text.encode(codec)
    (tmp_path / "a.txt").write_bytes(b"the king\n" + content)
    message = rf"is {encoding} text\. Convert it: iconv -f {encoding} -t UTF-8"
    for settings in ({}, {"corpus_format": "text"}):
        with pytest.raises(UserError, match=message):
            build(tmp_path / "a.txt", **settings)
    (tmp_path / "a.tar").write_bytes(as_tar([("b.txt", content)]))
    with pytest.raises(UserError, match=f"'b.txt': this is {encoding} text"):
        build(tmp_path / "a.tar")
    # Further on it is counted, as where it is a small part.
    some = b"the king\n" * 20
    for mixed in (some + content, "caf\u00e9\n".encode() + content):
        (tmp_path / "a.txt").write_bytes(mixed)
        counts = counts_of(build(tmp_path / "a.txt"))
        assert counts["lines_in_iso_2022"] == 1
    (tmp_path / "a.txt").write_bytes(b"the king\n" * 40_000 + content)
    assert counts_of(build(tmp_path / "a.txt"))["lines_in_iso_2022"] == 1
    (tmp_path / "a.parquet").write_bytes(as_parquet([[content.decode()]]))
    assert counts_of(build(tmp_path / "a.parquet"))["lines_in_iso_2022"] == 1


def test_escape_sequences_of_terminals_are_text(tmp_path, build):
    (tmp_path / "a.txt").write_bytes(b"\x1b[1mthe king\x1b(B\x1b[m $B\n")
    counts = counts_of(build(tmp_path / "a.txt"))
    assert (counts["lines_in_iso_2022"], counts["removed_characters"]) == (0, 3)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'{ "text": "the king"}\n', "JSON lines"),
        (b'[\n  {\n  "text": "the king"}]\n', "a JSON document"),
    ],
)
def test_json_with_blanks_is_no_plain_text(tmp_path, build, content, kind):
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(UserError, match=f"is {kind}"):
        build(tmp_path / "a.txt")
    (tmp_path / "a.txt").write_bytes(b"{ the } king\n")
    assert counts_of(build(tmp_path / "a.txt"))["documents"] == 1


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<!-- by hand -->\n\xef\xbb\xbf <!--\n-->\n<HTML lang=en>", "a page"),
        (b"<!-- " + b"a licence " * 500 + b"--> <!doctype HTML>", "a page"),
        (b"\r\n<head>\n<title>", "a page of HTML. Extract its text first"),
        (b'<BODY class="a">', "a page of HTML. Extract its text first"),
        (b"{\\rtf1\\ansi the king}", "RTF. Convert it to text first"),
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "a.html", "a.txt.gz", "a.tar"])
def test_pages_that_begin_otherwise(tmp_path, build, name, content, kind):
    packed = {
        "a.txt.gz": gzip.compress(content),
        "a.tar": as_tar([("b.txt", content)]),
    }
    (tmp_path / name).write_bytes(packed.get(name, content))
    kind = kind.partition(".")[0] if name == "a.tar" else kind
    with pytest.raises(UserError, match=re.escape(f"is {kind}")):
        build(tmp_path / name)


def test_comments_before_text(tmp_path, build):
    (tmp_path / "a.md").write_text("<!-- the --> king\n\n<!-- without an end")
    counts = counts_of(build(tmp_path / "a.md"))
    assert (counts["documents"], counts["files_with_marks"]) == (2, 0)


def test_several_streams_are_looked_at_together(tmp_path, build):
    for name, pack in (
        ("a.txt.bz2", bz2.compress),
        ("a.txt.xz", lzma.compress),
        ("a.txt.gz", gzip.compress),
        ("a.txt.zst", as_zstd),
    ):
        parts = (b"<", b"!doct", b"", b"ype html>\n")
        (tmp_path / name).write_bytes(b"".join(map(pack, parts)))
        with pytest.raises(UserError, match="is a page of HTML"):
            build(tmp_path / name)


def test_names_of_what_is_read_as_text_are_told(tmp_path, build, capsys):
    folder = tmp_path / "corpus"
    folder.mkdir()
    table = b"king,tower\nthe king,a tower\n"
    (folder / "a.CSV").write_bytes(table)
    (folder / "b.htm.gz").write_bytes(gzip.compress(b"<p>the king"))
    (folder / "c.txt").write_bytes(b"was lost\n")
    (folder / "d.tar").write_bytes(as_tar([("e.tsv", table), ("f", table)]))
    counts = counts_of(build(folder))
    assert (counts["documents"], counts["files_with_marks"]) == (5, 3)
    printed = capsys.readouterr().out
    named = f"{folder}/d.tar: 'e.tsv'"
    assert "3 files, or members of archives, are HTML, XML, RTF" in printed
    assert f"{folder}/a.CSV" in printed
    assert named in printed
    (folder / "d.tar").unlink()
    counts = counts_of(build(folder, corpus_format="text"))
    assert counts["files_with_marks"] == 0


def test_columns_of_one_name(tmp_path, build):
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    file, column = io.BytesIO(), arrow.array(["the king"])
    table = arrow.Table.from_arrays([column] * 3, names=["a", "text", "text"])
    parquet.write_table(table, file)
    (tmp_path / "a.parquet").write_bytes(file.getvalue())
    with pytest.raises(UserError, match="has 2 columns 'text', and which"):
        build(tmp_path / "a.parquet")


def test_members_without_text_are_counted(tmp_path, build, capsys):
    members = [("a.txt", b""), ("b.txt", b"the king"), ("c.txt", b" \n")]
    (tmp_path / "a.tar").write_bytes(as_tar(members))
    counts = counts_of(build(tmp_path / "a.tar"))
    assert (counts["documents"], counts["empty_files"]) == (1, 2)
    assert "a.tar: 'c.txt'" in capsys.readouterr().out


@pytest.mark.parametrize("jobs", [1, 3])
@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.parquet"])
def test_parts_without_text_are_no_files(
    tmp_path, build, capsys, monkeypatch, name, jobs
):
    monkeypatch.setattr(corpus, "SMALLEST_UNIT", 100)
    monkeypatch.setattr(corpus, "BYTES_PER_JOB", 500)
    folder = tmp_path / "corpus"
    folder.mkdir()
    blank = [" " * 20] * 200
    make = {
        "a.txt": lambda texts: "\n\n".join(texts).encode(),
        "a.jsonl": lambda texts: as_json_lines([[text] for text in texts]),
        "a.parquet": lambda texts: as_parquet([[text] for text in texts], 10),
    }[name]
    (folder / name).write_bytes(make(["the king", *blank, "a tower"]))
    (folder / f"b{name}").write_bytes(make(blank))
    (folder / "c.jsonl").write_bytes(as_json_lines([["was lost"]]))
    counts = counts_of(build(folder, num_out_files=jobs))
    assert (counts["documents"], counts["empty_files"]) == (3, 1)
    printed = capsys.readouterr().out
    assert (
        f"1 files, or members of archives, have no text: {folder}/b" in printed
    )
