"""A byte-order mark is no part of a text, whatever holds it."""

import json

import pytest

from tests.data_prep.sources.corpora import (
    as_parquet,
    as_tar,
    counts_of,
    records_of,
)

MARK = "\ufeff"
DOCUMENTS = [f"the king saw {k} towers\nand a horse" for k in range(12)]


def as_lines(texts):
    return "".join(json.dumps({"text": text}) + "\n" for text in texts).encode()


def write_each(folder, texts):
    folder.mkdir()
    for number, text in enumerate(texts):
        (folder / f"{number:02}.txt").write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize(
    ("name", "content_of"),
    [
        # As `cat` makes of files that have a mark each.
        ("a.txt", lambda texts: "\n\n".join(texts).encode()),
        ("a.jsonl", as_lines),
        ("a.parquet", lambda texts: as_parquet([[text] for text in texts])),
        ("a.tar", lambda texts: as_tar((t[-9:], t.encode()) for t in texts)),
    ],
)
def test_copies_with_a_mark_are_duplicates(tmp_path, build, name, content_of):
    texts = [*DOCUMENTS, *(MARK + text for text in DOCUMENTS)]
    (tmp_path / name).write_bytes(content_of(texts))
    built = build(tmp_path / name, drop_duplicate_documents=True)
    counts = counts_of(built)
    assert (counts["documents"], counts["duplicate_documents"]) == (24, 12)
    assert counts["documents_without_tokens"] == 0


def test_files_with_a_mark_give_the_same_records(tmp_path, build):
    plain, marked = (
        build(write_each(tmp_path / name, texts), held_out_share=0.4)
        for name, texts in (
            ("plain", DOCUMENTS),
            # Files that were converted twice have two.
            ("marked", [MARK * 2 + text for text in DOCUMENTS]),
        )
    )
    assert records_of(plain) == records_of(marked)
    assert any("held_out" in name for name in plain)


def test_a_line_of_a_mark_alone_is_blank(tmp_path, build):
    (tmp_path / "a.txt").write_text(f"the king\n{MARK}\na tower\n", "utf-8")
    assert counts_of(build(tmp_path / "a.txt"))["documents"] == 2
