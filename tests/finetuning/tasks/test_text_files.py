"""Tables of text are read as they stand, and errors name the place."""

import pytest

from electra_tf.errors import UserError
from electra_tf.finetuning.tasks.text_rows import tab_rows


def write(folder, name: str, content: bytes) -> str:
    path = folder / name
    path.write_bytes(content)
    return str(path)


def cells(path: str) -> list[tuple]:
    return [(row.line, row.values) for row in tab_rows(path)]


def test_quotation_marks_of_a_tsv_are_text(tmp_path):
    path = write(tmp_path, "x.tsv", b'a\tb\n"he said\tx"y\n')
    assert cells(path) == [(1, ["a", "b"]), (2, ['"he said', 'x"y'])]


def test_byte_order_mark_line_ends_and_empty_lines(tmp_path):
    content = "\ufeffa\tb\r\n\r\n\u0085x\u2028y\tz".encode()
    path = write(tmp_path, "x.tsv", content)
    assert cells(path) == [(1, ["a", "b"]), (3, ["\u0085x\u2028y", "z"])]


def test_most_limits_the_rows(tmp_path):
    path = write(tmp_path, "x.tsv", b"a\nb\nc\n")
    assert len(tab_rows(path, most=2)) == 2


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("x.tsv", b"", "x.tsv is empty."),
        ("x.tsv", b"\n\n", "x.tsv is empty."),
        (
            "x.tsv",
            b"a\nb\tf\xfcr\n",
            "x.tsv, line 2: not UTF-8 text, at byte 0xfc. Read: "
            "b'b\\tf\\xfcr'. Save the file as UTF-8; if it is "
            "LATIN1: iconv -f LATIN1 -t UTF-8",
        ),
        (
            "x.csv",
            "a,b\n".encode("utf-16"),
            "x.csv is UTF-16. Save it as UTF-8: iconv -f UTF-16 -t UTF-8",
        ),
        (
            "x.tsv",
            "a\tb\n\u304b\t1\n".encode("iso2022_jp"),
            "x.tsv is ISO-2022-JP. Save it as UTF-8: iconv -f ISO-2022-JP",
        ),
    ],
)
def test_errors(tmp_path, name, content, expected):
    with pytest.raises(UserError) as error:
        tab_rows(write(tmp_path, name, content))
    assert expected in str(error.value)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"No data file at .*no\.tsv"):
        tab_rows(str(tmp_path / "no.tsv"))
