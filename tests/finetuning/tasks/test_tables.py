"""Files with named columns, in the forms that people have."""

import bz2
import gzip
import io
import json
import lzma
import zipfile

import pytest

from electra_tf.finetuning.tasks import text_files
from electra_tf.finetuning.tasks.tables import read_table
from electra_tf.finetuning.tasks.task import DataError

ROWS = [{"text": "a, b", "label": "x"}, {"text": "ü\tc", "label": "y"}]
CSV = 'text,label\n"a, b",x\nü\tc,y\n'
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


# Without the time in it: contents are names of tests, which processes that
# share them must agree on.
def zipped(content: bytes, method=zipfile.ZIP_STORED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("inner.csv"), content, method)
    return packed.getvalue()


def gzipped(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def deflated(content: bytes) -> bytes:
    return zipped(content, zipfile.ZIP_DEFLATED)


def zstd(content: bytes) -> bytes:
    import pyarrow as pa

    packed = pa.BufferOutputStream()
    with pa.CompressedOutputStream(packed, "zstd") as sink:
        sink.write(content)
    return packed.getvalue().to_pybytes()


def values(tmp_path, name, content, **settings):
    path = tmp_path / name
    if isinstance(content, str):
        content = content.encode()
    path.write_bytes(content)
    said = []
    table = read_table(str(path), tell=said.append, **settings)
    assert not any(record.problem for record in table.records)
    return [record.values for record in table.records], said


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", CSV, ""),
        ("A.CSV", "\ufeff" + CSV.replace("\n", "\r\n"), ""),
        ("a.csv", CSV.replace("a, b", "a, b").replace("\n", "\n\n"), ""),
        ("a.csv", 'text;label\n"a, b";x\nü\tc;y\n', "';' is taken"),
        ("a.csv", 'text|label\n"a, b"|x\nü\tc|y\n', "'|' is taken"),
        ("a.tsv", 'text;label\n"a, b";x\nü\tc;y\n', "';' is taken"),
        ("a.csv.gz", gzipped(CSV.encode()), ""),
        ("a.CSV.BZ2", bz2.compress(CSV.encode()), ""),
        ("a.csv.xz", lzma.compress(CSV.encode()), ""),
        ("a.csv.zst", zstd(CSV.encode()), ""),
        ("a.zip", zipped(CSV.encode()), ""),
        # Compressed, whatever the name says.
        ("a.csv", gzipped(CSV.encode()), ""),
        ("a.jsonl", LINES, ""),
        ("a.json", json.dumps(ROWS), ""),
        ("a.json", json.dumps(ROWS, indent=2), ""),
        ("a.Json", json.dumps({"version": 1, "data": ROWS}), ""),
        (
            "a.json",
            json.dumps(
                {
                    name: {str(n): row[name] for n, row in enumerate(ROWS)}
                    for name in ("text", "label")
                }
            ),
            "",
        ),
        ("a.jsonl.gz", gzipped(("\n" + LINES).encode()), ""),
    ],
)
def test_forms(tmp_path, name, content, said):
    found, told = values(tmp_path, name, content)
    assert found == ROWS
    assert len(told) == bool(said)
    assert said in "".join(told)


def test_a_delimiter_that_is_given(tmp_path):
    text = "text,long;label\na,b;x\n"
    found, _ = values(tmp_path, "a.csv", text, delimiter=";")
    assert found == [{"text,long": "a,b", "label": "x"}]
    with pytest.raises(DataError, match="has no columns between delimiters"):
        values(tmp_path, "a.jsonl", LINES, delimiter=";")


def test_quotation_marks_of_a_tsv_are_text(tmp_path):
    found, _ = values(tmp_path, "a.tsv", 'text\tlabel\n"a\t"b"\n')
    assert found == [{"text": '"a', "label": '"b"'}]


def test_the_names_of_columns_come_once(tmp_path):
    (tmp_path / "a.tsv").write_text("a\tb\n1\t2\na\tb\n3\t4\n")
    records = read_table(str(tmp_path / "a.tsv")).records
    assert [bool(record.problem) for record in records] == [0, 1, 0]
    assert records[1].problem.startswith("the names of the columns again")


def test_rows_that_cannot_be_read_keep_their_place(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('a,b\n\n"c\nd",1\n"e"f,2\n3\ng,4\n')
    records = read_table(str(path)).records
    assert [bool(record.problem) for record in records] == [0, 1, 1, 0]
    where = [record.where.removeprefix(f"{path}, ") for record in records]
    assert where == ["row 3", "row 4, line 5", "row 5", "row 6"]
    assert [record.line for record in records] == [4, 5, 6, 7]
    assert "Read: '\"e\"f,2'. Is a quotation mark" in records[1].problem
    path.write_text('a,b\n1,2\n"3,4\n5,6\n')
    records = read_table(str(path)).records
    assert "unexpected end of data" in records[1].problem
    # All that an unpaired quotation mark swallows is told.
    assert records[1].where.endswith("row 3, lines 3 to 4")
    rows = "1,2\n" * 30
    found, said = values(tmp_path, "a.csv", f'a,b\n{rows}"3,4\n{rows}5",6\n')
    assert len(found) == 31
    assert "row 32 has 32 lines, from line 32 on" in said[0]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv.gz", gzipped(CSV.encode())[:-9], "is damaged and cannot"),
        ("a.xlsx", zipped(b"")[:40], "is damaged and cannot"),
        ("a.parquet", b"PAR1 and then nothing", "is damaged, or no Parquet"),
        ("a.arrow", b"", "is damaged, or no Parquet"),
        ("a.csv", "a,a\n1,2\n", "the columns ['a'] come twice"),
        ("a.csv", 'a,"b\n', "row 1, line 1: no valid CSV"),
        ("a.json", "[]", "is empty"),
        ("a.json", "", "is empty"),
    ],
)
def test_what_is_refused(tmp_path, name, content, expected):
    with pytest.raises(DataError) as error:
        values(tmp_path, name, content)
    assert expected in str(error.value)


PACKS = {"gz": gzipped, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstd}


@pytest.mark.parametrize("kind", PACKS)
def test_streams_one_after_another(tmp_path, kind):
    pack, name = PACKS[kind], f"a.csv.{kind}"
    first, second = pack(b"text,label\na,x\n"), pack(b"b,y\n")
    found, _ = values(tmp_path, name, first + second)
    assert [row["text"] for row in found] == ["a", "b"]
    # The stream's magic bytes, its end, and what is none.
    for after in (b"#" + second[1:], second[:-5], b"no stream at all"):
        with pytest.raises(DataError, match="damaged and cannot be unpacked"):
            values(tmp_path, name, first + after)


@pytest.mark.parametrize(
    "pack", [gzip.compress, bz2.compress, lzma.compress, zstd, deflated]
)
def test_what_unpacks_to_too_much(tmp_path, monkeypatch, pack):
    monkeypatch.setattr(text_files, "FREE_BYTES", 1000)
    with pytest.raises(DataError, match="unpacks to more than"):
        values(tmp_path, "a.csv", pack(bytes(3_000_000)))


def test_an_archive_of_two_files(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", CSV)
        archive.writestr("b.csv", CSV)
    with pytest.raises(DataError, match="spreadsheet of 2 files"):
        values(tmp_path, "a.xlsx", packed.getvalue())


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"a": 1, "a": 2}', "no JSON: the key 'a' comes twice"),
        ('{"a": 1', "no JSON: "),
        ("[1]", "expected a JSON object, one a line. Read: [1]"),
        ('{"a": "\\udc80"}', "holds '\\udc80', which is no character"),
    ],
)
def test_lines_of_json_that_cannot_be_read(tmp_path, line, expected):
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"a": 1}}\n\n{line}\n{{"a": 2}}\n')
    first, bad, last = read_table(str(path)).records
    assert (first.values, last.values) == ({"a": 1}, {"a": 2})
    assert bad.where == f"{path}, line 3"
    assert expected in bad.problem


def test_the_parts_of_a_whole(tmp_path):
    for number, row in enumerate(ROWS):
        part = tmp_path / f"train-0000{number}-of-00002.jsonl"
        part.write_text(json.dumps(row))
    (tmp_path / "notes.md").write_text("not data")
    for path in (str(tmp_path), f"{tmp_path}/train-*"):
        said = []
        table = read_table(path, tell=said.append)
        assert [record.values for record in table.records] == ROWS
        assert "2 files are read" in said[-1]
        # What a pattern does not match need not be told.
        dropped = ["notes.md"] if path == str(tmp_path) else []
        assert said[:-1] == [
            f"{path}: files that are not read: {dropped}." for _ in dropped
        ]
    said = []
    read_table(f"{tmp_path}/train-00000*", tell=said.append)
    assert "has 1 of 2 parts of its set" in said[0]
    (tmp_path / "validation-00000-of-00001.jsonl").write_text(LINES)
    with pytest.raises(DataError, match="holds several sets"):
        read_table(str(tmp_path))
    with pytest.raises(FileNotFoundError):
        read_table(f"{tmp_path}/test-*")


def folder_of(tmp_path, *names: str) -> str:
    """A folder of files, each with a row that says its name."""
    for name in names:
        write = {".csv": "n\n{}\n", ".tsv": "n\n{}\n"}
        form = write.get(name[name.index(".") :], '{{"n": "{}"}}')
        (tmp_path / name).write_text(form.format(name))
    return str(tmp_path)


def of_parts(path: str) -> tuple[list[str], list[str]]:
    said = []
    records = read_table(path, tell=said.append).records
    return [record.values["n"] for record in records], said


def test_parts_of_two_forms(tmp_path):
    names = [f"dev-0000{n}-of-00003.{e}" for n, e in enumerate(FORMS)]
    path = folder_of(tmp_path, *names, "dataset_info.json")
    assert of_parts(path) == (
        names,
        [f"{path}: 3 files are read, the first is {path}/{names[0]}."],
    )


FORMS = ("csv", "jsonl", "json")


def test_sets_of_two_forms(tmp_path):
    with pytest.raises(DataError, match=r"several sets, .*a\.csv, .*b\.jsonl"):
        read_table(folder_of(tmp_path, "a.csv", "b.jsonl"))


def test_documents_beside_tables(tmp_path):
    path = folder_of(tmp_path, "a.tsv", "state.json", "labels.json")
    assert of_parts(path) == (
        ["a.tsv"],
        [f"{path}: files that are not read: ['labels.json']."],
    )


def test_what_a_pattern_matches_and_is_no_table(tmp_path):
    folder = folder_of(tmp_path, "b.csv", "a.csv.gzip", "c.text", "d.md")
    found, (said,) = of_parts(f"{folder}/[abc]*")
    assert found == ["b.csv"]
    assert said.endswith("that are not read: ['a.csv.gzip', 'c.text'].")
    with pytest.raises(FileNotFoundError, match=r"Found: \['c\.text', 'd\.md'"):
        read_table(f"{folder}/[cd]*")


def test_lists_beside_the_data_are_told(tmp_path):
    content = {"version": [1], "data": ROWS, "test": [{"text": "a"}], "x": {}}
    found, (said,) = values(tmp_path, "a.json", json.dumps(content))
    assert found == ROWS
    assert "the list 'data' is read, and ['test'] are not" in said
