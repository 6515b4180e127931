"""Reading a text file; what is no UTF-8 is located. No TensorFlow."""

import codecs
import json

from electra_tf.finetuning.tasks.task import DataError

MOST_SHOWN = 300  # Characters of a row, in a message.


def read_text(path: str, expected: str = "") -> str:
    """Return the text of a file in UTF-8, without a byte-order mark.

    Args:
        path: str.
        expected: str, a sentence about what should have been there, for the
            message about a missing file.

    Raises:
        FileNotFoundError: when there is no such file.
        DataError: when it is no text in UTF-8; says in which line.
    """
    try:
        with open(path, "rb") as file:
            content = file.read()
    except (FileNotFoundError, IsADirectoryError):
        raise FileNotFoundError(
            " ".join([f"No data file at {path}.", expected]).strip()
        ) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # What it decodes lacks the byte-order mark.
        raise _encoding_error(path, error.object, error.start) from None


def _encoding_error(path: str, content: bytes, place: int) -> DataError:
    line = content[:place].count(b"\n") + 1
    begin = content.rfind(b"\n", 0, place) + 1
    read = content[begin:].partition(b"\n")[0][:MOST_SHOWN]
    marks = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    encoding = "UTF-16" if content.startswith(marks) else "LATIN1"
    return DataError(
        f"{path}, line {line}: not UTF-8 text, at byte "
        f"{content[place]:#04x}. Read: {read!r}. Save the file as UTF-8; if it "
        f"is {encoding}: iconv -f {encoding} -t UTF-8"
    )


def parse_json(where: str, text: str):
    """Return the value of a JSON text.

    Raises:
        DataError: when it is none.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise DataError(
            f"{where} is no JSON: {error}. Read: {shown(text)}"
        ) from None


def json_lines(path: str, expected: str = ""):
    """Yield the place and the value of each line that is not empty.

    Raises:
        FileNotFoundError: when there is no such file.
        DataError: when a line is no JSON.
    """
    for number, line in enumerate(read_text(path, expected).split("\n"), 1):
        if line.strip():
            where = f"{path}, line {number}"
            yield where, parse_json(where, line)


def shown(value) -> str:
    """Return a value for a message, cut if it is long.

    >>> shown(["a", "b"])
    "['a', 'b']"
    """
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
