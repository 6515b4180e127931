"""The same documents in every format."""

import bz2
import gzip
import io
import json
import lzma
import random
import tarfile

import pytest

WORDS = ["the", "old", "king", "saw", "a", "tower", "café", "中国", "İstanbul"]


def make_documents(number, seed=0):
    """Return documents, each some lines that are not blank."""
    draw = random.Random(seed)
    return [
        [
            " ".join(draw.choices(WORDS, k=draw.randint(3, 12)))
            for _ in range(draw.randint(1, 8))
        ]
        for _ in range(number)
    ]


def as_text(documents):
    return "\n\n".join("\n".join(d) for d in documents).encode()


def as_json_lines(documents):
    # Blank lines within a document do not end it.
    return "".join(
        json.dumps({"id": k, "text": "\n\n".join(document)}) + "\n"
        for k, document in enumerate(documents)
    ).encode()


def as_wikipedia(documents):
    return "\n".join(
        f'<doc id="{k}" url="u" title="t">\n' + "\n\n".join(d) + "\n\n</doc>\n"
        for k, d in enumerate(documents)
    ).encode()


def as_tar(members):
    """Return an archive of (name or header, content)."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for header, content in members:
            if isinstance(header, str):
                header = tarfile.TarInfo(header)
            header.size = len(content)
            archive.addfile(header, io.BytesIO(content))
    return file.getvalue()


def as_parquet(documents, rows_per_group=64, column="text"):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    file = io.BytesIO()
    texts = ["\n".join(document) for document in documents]
    table = arrow.table({"id": list(range(len(texts))), column: texts})
    parquet.write_table(table, file, row_group_size=rows_per_group)
    return file.getvalue()


def as_zstd(content):
    library = pytest.importorskip("zstandard")
    # Two frames, as `cat a.zst b.zst` gives.
    half = len(content) // 2
    return b"".join(map(library.compress, (content[:half], content[half:])))


def in_tar(documents):
    return as_tar(
        (f"../../{k:05d}.txt", "\n\n".join(document).encode())
        for k, document in enumerate(documents)
    )


FILES = {
    "a.txt": as_text,
    "a.gz": lambda d: gzip.compress(as_text(d)),
    "a.txt.bz2": lambda d: bz2.compress(as_text(d)),
    "a.txt.XZ": lambda d: lzma.compress(as_text(d)),
    "a.zst": lambda d: as_zstd(as_text(d)),
    "a.jsonl": as_json_lines,
    "a.json.gz": lambda d: gzip.compress(as_json_lines(d)),
    "a.parquet": as_parquet,
    "a.tar": in_tar,
    "a.tgz": lambda d: gzip.compress(in_tar(d)),
    "a.tar.zst": lambda d: as_zstd(in_tar(d)),
    "wiki_00": as_wikipedia,
    "wiki_00.bz2": lambda d: bz2.compress(as_wikipedia(d)),
}


def flags_of(name):
    """Return the settings that a file of `FILES` needs."""
    if "wiki" in name:
        return {"corpus_format": "wikipedia"}
    if ".t" in name and "txt" not in name:
        return {"blank_lines_separate_documents": False}
    return {}


def records_of(built):
    return {k: v for k, v in built.items() if k != "manifest.json"}


def manifest_of(built):
    return json.loads(built["manifest.json"])


def counts_of(built):
    return manifest_of(built)["counts"]
