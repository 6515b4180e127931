"""Bad input is reported with file and position, and counted."""

import bz2
import gzip
import json
import lzma
import os
import re
import tarfile

import pytest

from data_prep.sources import compression, tar
from electra_tf.errors import UserError
from tests.data_prep.sources import corpora
from tests.data_prep.sources.corpora import counts_of

PROGRAM = "build_pretraining_dataset"


@pytest.fixture
def place(tmp_path):
    """Return a function that writes a file and returns its folder."""
    folder = tmp_path / "corpus"
    folder.mkdir()

    def write(name, content):
        (folder / name).write_bytes(content)
        return folder

    return write


@pytest.fixture
def command(run, tmp_path, vocab_file):
    """Run the program on a folder."""

    def run_program(folder, *flags):
        return run(
            PROGRAM,
            f"--corpus_dir={folder}",
            f"--vocab_file={vocab_file}",
            f"--output_dir={tmp_path / 'out'}",
            *flags,
        )

    return run_program


def test_what_is_wrong_with_text_is_counted(place, command, tmp_path):
    place("empty.txt", b"")
    place("blank.txt", b" \n\n")
    folder = place("a.txt", b"the king\n\xe9t\xe9 was\n\n\x00t\x00h\x00e\n")
    shown = command(folder)
    assert shown.returncode == 0, shown.stderr
    found = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert found["counts"]["documents"] == 2
    assert found["counts"]["undecodable_lines"] == 1
    assert found["counts"]["lines_with_nul"] == 1
    assert found["counts"]["empty_files"] == 2
    assert f"left out: {folder}/a.txt, byte 9\n" in shown.stdout
    assert f"look like that: {folder}/a.txt, byte 18\n" in shown.stdout
    assert f"{folder}/blank.txt" in shown.stdout
    assert f"{folder}/empty.txt" in shown.stdout


def test_lines_of_10_mb(place, build):
    line = b"the king saw a tower " * 500_000
    built = build(place("a.txt", b"was lost\n" + line + b"\n\nthe king\n"))
    counts = counts_of(built)
    assert counts["documents"] == 2
    # Every token is accounted for.
    assert counts["tokens"] > 2_500_000
    assert counts["tokens"] - counts["tokens_cut_off"] < 100


PACKED = {
    "a.gz": gzip.compress,
    "a.bz2": bz2.compress,
    "a.xz": lzma.compress,
    "a.zst": corpora.as_zstd,
}


@pytest.mark.parametrize("name", PACKED)
@pytest.mark.parametrize("size", [0.0, 0.4, 0.99])
def test_incomplete_compressed_files(place, build, documents, name, size):
    content = PACKED[name](corpora.as_text(documents))
    content = content[: max(1, int(size * len(content)))]
    with pytest.raises(ValueError, match=rf"{name} .*Copy it again"):
        build(place(name, content))


@pytest.mark.parametrize("name", PACKED)
def test_damaged_compressed_files(place, build, documents, name):
    with pytest.raises(ValueError, match=rf"{name} .*Copy it again"):
        build(place(name, b"no such thing"))
    content = bytearray(PACKED[name](corpora.as_text(documents)))
    content[len(content) // 2] ^= 255
    content[len(content) // 2 + 9] ^= 255
    with pytest.raises(ValueError, match=rf"{name}.*(Copy it again|UTF-8)"):
        build(place(name, bytes(content)))


@pytest.mark.parametrize("name", PACKED)
def test_what_comes_after_a_compressed_stream(place, build, name):
    first, second = map(PACKED[name], (b"the king\n\n", b"was lost\n"))
    for more in (b"no such thing", b"\1" + second[1:], second[:9]):
        with pytest.raises(ValueError, match=rf"{name} .*Copy it again"):
            build(place(name, first + more))
    counts = counts_of(build(place(name, first + bytes(4) + second)))
    assert counts["documents"] == 2


@pytest.mark.parametrize("name", PACKED)
def test_decompression_bombs(place, build, monkeypatch, name):
    monkeypatch.setattr(compression, "FREE_BYTES", 100_000)
    bomb = PACKED[name](b"\n" * 3_000_000)
    with pytest.raises(ValueError, match=rf"{name} unpacks to more than 200"):
        build(place(name, bomb))
    monkeypatch.setattr(compression, "FREE_BYTES", 10_000_000)
    with pytest.raises(ValueError, match=r"more than 0\.001 GB.*max_unpacked"):
        build(place(name, bomb), max_unpacked_gb=0.001)


JSON_FAULTS = {
    "{": "byte 21: this line is no JSON",
    '["the king"]': "expected a JSON object",
    '{"text": "the", "text": "a"}': "the key 'text' comes twice. Received: '{",
    '{"body": "the king", "id": 1}': "no field 'text', but 'body', 'id'",
    '{"text": null}': "expected a string as 'text'. Received: 'None'",
    "[" * 100_000: "byte 21: ",
}


@pytest.mark.parametrize("line", JSON_FAULTS)
def test_faults_of_json_lines(place, build, line, capsys):
    good = '{"text": "the king"}\n'
    folder = place("a.jsonl", f"{good}{line}\n{good}".encode())
    with pytest.raises(ValueError, match="skip_bad_documents") as error:
        build(folder)
    assert f"{folder}/a.jsonl, byte 21: " in str(error.value)
    assert JSON_FAULTS[line] in str(error.value)
    counts = counts_of(build(folder, skip_bad_documents=True))
    assert counts["documents"] == 2
    assert counts["bad_documents"] == 1
    assert f"left out: {folder}/a.jsonl, byte 21: " in capsys.readouterr().out


def test_json_lines_without_text(place, build):
    lines = b'\xef\xbb\xbf{"text": "the king\\u0000 \\ud800"}\n\n{"text": ""}\n'
    counts = counts_of(build(place("a.jsonl", lines + b'{"text": "\xff"}\n')))
    assert counts["documents"] == 2
    assert counts["empty_documents"] == 1
    assert counts["lines_with_nul"] == 1
    assert counts["undecodable_lines"] == 2  # One has half of a character.


def test_faults_of_parquet(place, build, documents):
    content = corpora.as_parquet(documents, column="body")
    with pytest.raises(ValueError, match="no column 'text', but 'id', 'body'"):
        build(place("a.parquet", content))
    with pytest.raises(ValueError, match=r"'id' of .* holds int64"):
        build(place("a.parquet", content), text_field="id")
    with pytest.raises(ValueError, match=r"a\.parquet is incomplete"):
        build(place("a.parquet", content[:-100]))
    damaged = content[:200] + b"\0" * 300 + content[500:]
    with pytest.raises(ValueError, match=r"a\.parquet is damaged near row"):
        build(place("a.parquet", damaged), text_field="body")


def test_rows_without_text(tmp_path, place, build):
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    folder = place("a.parquet", b"")
    texts = [b"the king", None, b"was\xff"]
    column = arrow.array(texts, arrow.binary()).view(arrow.string())
    parquet.write_table(arrow.table({"text": column}), folder / "a.parquet")
    with pytest.raises(ValueError, match=r"a\.parquet, row 1: this row has no"):
        build(folder)
    counts = counts_of(build(folder, skip_bad_documents=True))
    assert counts["documents"] == 2
    assert counts["bad_documents"] == 1
    assert counts["undecodable_lines"] == 1


def member(name, **attributes):
    header = tarfile.TarInfo(name)
    for attribute, value in attributes.items():
        setattr(header, attribute, value)
    return header


def test_archives_can_do_no_harm(place, build, tmp_path):
    archive = corpora.as_tar(
        [
            ("../../../escaped.txt", b"the king"),
            ("/tmp/absolute-of-a-test.txt", b"was lost"),
            (member("folder", type=tarfile.DIRTYPE), b""),
            (member("a", type=tarfile.SYMTYPE, linkname="/etc/passwd"), b""),
            (member("b", type=tarfile.LNKTYPE, linkname="/etc/passwd"), b""),
            (member("c", type=tarfile.CHRTYPE, devmajor=1, devminor=5), b""),
            (member("d", type=tarfile.FIFOTYPE), b""),
            ("folder/.hidden", b"hidden"),
        ]
    )
    counts = counts_of(build(place("a.tar", archive)))
    assert counts["documents"] == 2
    assert counts["tokens"] == 4
    assert counts["skipped_members"] == 5
    assert not list(tmp_path.parent.rglob("escaped.txt"))


@pytest.mark.parametrize("name", ["a.tar", "a.tar.xz"])
def test_incomplete_archives(place, build, documents, name):
    archive = corpora.in_tar(documents)
    pack = lzma.compress if name.endswith("xz") else bytes
    for size in (1, 300, 512, 1024, len(archive) // 1024 * 512 + 100):
        with pytest.raises(ValueError, match=f"{name} is incomplete"):
            build(place(name, pack(archive[:size])))


def test_archives_that_were_joined(place, build):
    archive = corpora.in_tar([["the king"]])
    with pytest.raises(ValueError, match=r"a\.tar goes on after its end"):
        build(place("a.tar", archive + archive))


def test_damaged_headers_do_not_end_an_archive(place, build):
    archive = bytearray(corpora.in_tar([["the king"]] * 3))
    archive[1024] ^= 1
    with pytest.raises(ValueError, match=r"a\.tar is incomplete, damaged"):
        build(place("a.tar", bytes(archive)))


def test_sizes_of_sparse_files_that_are_no_numbers(place, build):
    headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}
    sparse = member("a.txt", pax_headers=headers, size=9)
    archive = corpora.as_tar([(sparse, b"no number")])
    with pytest.raises(UserError, match=r"a\.tar is incomplete, damaged"):
        build(place("a.tar", archive))


def test_limits_of_archives(place, build, monkeypatch):
    monkeypatch.setattr(tar, "MOST_MEMBERS", 2)
    archive = corpora.in_tar([["the king"]] * 3)
    with pytest.raises(ValueError, match=r"a\.tar has more than 2 members"):
        build(place("a.tar", archive))
    inner = corpora.as_tar([("a.txt.xz", lzma.compress(b"the king"))])
    with pytest.raises(ValueError, match=r"a\.txt\.xz' is itself an archive"):
        build(place("a.tar", inner))
    sparse = member("huge", type=tarfile.GNUTYPE_SPARSE)
    with pytest.raises(ValueError, match="'huge' is a sparse file"):
        build(place("a.tar", corpora.as_tar([(sparse, b"")])))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (corpora.in_tar([["the king"]]), "is a tar archive. Give --corpus_for"),
        (
            gzip.compress(b"the king", mtime=0),
            "is compressed by gzip. Give it a name",
        ),
        (bz2.compress(b"the king"), "is compressed by bzip2"),
        (lzma.compress(b"the king"), "is compressed by xz"),
        (b"\x28\xb5\x2f\xfd", "is compressed by zstd"),
        (b"PAR1", "is a Parquet file. Give --corpus_format=parquet"),
        (b"PK\x03\x04", "is a zip archive"),
        ("the king".encode("utf-16"), "is UTF-16 text. Convert it: iconv"),
        ("the king".encode("utf-16-le"), "is UTF-16LE text. Convert it: i"),
        ("the king".encode("utf-32"), "is UTF-32 text. Convert it: iconv"),
        (b'<doc id="1">\nthe', "is what WikiExtractor writes. Give --corpus"),
        (b'{"text": "the"}', "is JSON lines. Give --corpus_format=jsonl, or"),
        (b' [{"text": "the"}]', "is a JSON document. Write an object a line,"),
        (b"\xef\xbb\xbf<!DOCTYPE html>", "is a page of HTML. Extract its"),
        (
            "[PAD]\n[unused1]\r\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n¡\n".encode(),
            "is a vocabulary. Move it out of the text, or give --corpus",
        ),
        (b"<?xml version", "is XML. Extract its text first, or give --corpus"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, lzma.compress])
def test_other_files_that_are_named_as_text(
    place, build, pack, content, message
):
    folder = place("a.txt.xz" if pack is lzma.compress else "a", pack(content))
    with pytest.raises(ValueError, match=re.escape(message)):
        build(folder)


def test_text_with_marks_that_is_meant(place, build):
    folder = place("a.txt", b'{"the": "king"}\n')
    assert counts_of(build(folder, corpus_format="text"))["documents"] == 1
    # Where a part of a file begins says nothing of the file.
    folder = place("a.txt", b'the king\n{"the": "king"}\n')
    assert counts_of(build(folder))["documents"] == 1
    tokens = b"[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nking\n"
    folder = place("a.txt", tokens)
    assert counts_of(build(folder, corpus_format="text"))["documents"] == 1
    folder = place("a.txt", b"the king saw\n" + tokens)
    assert counts_of(build(folder))["documents"] == 1


@pytest.mark.parametrize("name", ["a.jsonl", "a.JSON", "a.pdf", "a.parquet"])
def test_members_of_archives_that_are_no_text(place, build, name):
    archive = corpora.as_tar([(name, b"the king")])
    with pytest.raises(ValueError, match="or no plain text"):
        build(place("a.tar", archive))


def test_members_of_archives_that_are_named_as_text(place, build):
    members = [
        ("a.txt", gzip.compress(b"the king")),
        ("b.txt", b"<html>the king"),
        ("c.txt", b"was lost"),
    ]
    folder = place("a.tar", corpora.as_tar(members))
    with pytest.raises(ValueError, match=r"'a\.txt': this is compressed"):
        build(folder)
    counts = counts_of(build(folder, skip_bad_documents=True))
    assert (counts["documents"], counts["bad_documents"]) == (1, 2)
    settings = {"corpus_format": "tar", "skip_bad_documents": True}
    counts = counts_of(build(folder, **settings))
    assert (counts["documents"], counts["bad_documents"]) == (2, 1)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("a.txt", {"text_field": "body"}, "text_field has no effect: it is fo"),
        ("a.tar", {"text_field": "body"}, "corpus is tar. Received: 'body'"),
        ("a.txt", {"tfds_split": "test"}, "tfds_split has no effect: it is f"),
        (
            "a.jsonl",
            {"blank_lines_separate_documents": False},
            "it is for text, tar, and the corpus is jsonl. Received: False",
        ),
    ],
)
def test_settings_without_an_effect(place, build, name, settings, message):
    folder = place(name, corpora.FILES[name]([["the king"]]))
    with pytest.raises(UserError, match=message):
        build(folder, **settings)


def test_names_that_are_no_text(place, command, tmp_path):
    folder = place("a.txt", b"the king")
    name = os.path.join(os.fsencode(folder), b"caf\xe9.txt")
    with open(name, "wb") as file:
        file.write(b"t\xe9a")
    shown = command(folder)
    assert shown.returncode == 0, shown.stderr
    assert r"caf\udce9.txt, byte 0" in shown.stdout


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "[PAD]\n[UNK]\n[CLS]\n[SEP]\nthe\n",
            "lacks the special tokens [MASK]",
        ),
        (
            "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n[CLS]\n",
            "has the special token [CLS] 2 times, on lines 3 and 6",
        ),
    ],
)
def test_special_tokens(place, command, tmp_path, content, message):
    path = tmp_path / "vocab.txt"
    path.write_text(content)
    shown = command(place("a.txt", b"the king"), f"--vocab_file={path}")
    assert shown.returncode == 1
    assert message in shown.stderr
    assert not (tmp_path / "out").exists()


def test_duplicate_tokens(place, command, tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nking\nthe\n")
    shown = command(place("a.txt", b"the king"), f"--vocab_file={path}")
    assert shown.returncode == 0
    assert "1 tokens on more than one line: 'the'" in shown.stdout


def test_folders_where_files_are_expected(place, command, tmp_path):
    folder = place("a.txt", b"the king")
    shown = command(folder, f"--vocab_file={tmp_path}")
    assert shown.returncode == 1
    assert f"No vocabulary file at {tmp_path}" in shown.stderr
    # A folder of parts is common.
    (folder / "b.jsonl").mkdir()
    place("b.jsonl/part-0.jsonl", b'{"text": "the king"}')
    assert command(folder).returncode == 0
