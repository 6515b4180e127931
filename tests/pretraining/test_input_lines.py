"""Lines of text, whatever the locale."""

import io

import pytest

from electra_tf.errors import UserError
from electra_tf.pretraining import input_lines


def test_standard_input_is_utf_8_in_any_locale(monkeypatch):
    content = "\ufeffcaf\u00e9\r\n".encode() + b"caf\xe9\n"
    lenient = io.TextIOWrapper(io.BytesIO(content), "ascii", "surrogateescape")
    monkeypatch.setattr("sys.stdin", lenient)
    lines = input_lines.of_standard_input()
    assert next(lines) == "caf\u00e9\n"
    with pytest.raises(UserError, match="line 2 must be UTF-8"):
        next(lines)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32-be"])
def test_standard_input_in_wide_characters_is_refused(encoding):
    lines = input_lines.decoded(
        io.BytesIO("caf\u00e9\n".encode(encoding)), "a.txt"
    )
    with pytest.raises(UserError, match=r"a\.txt is UTF-.*Save it as"):
        next(lines)
