"""JSON is read strictly: nothing in it is dropped or mended."""

import pytest

from electra_tf.errors import UserError
from electra_tf.io.json_text import parsed_json


@pytest.mark.parametrize("text", ['{"é": [1, null]}', "[]", '"\\ud83d\\ude00"'])
@pytest.mark.parametrize("encoding", [None, "utf-8", "utf-8-sig", "utf-16"])
def test_text_and_bytes_give_the_same(text, encoding):
    expected = {"{": {"é": [1, None]}, "[": [], '"': "😀"}[text[0]]
    assert parsed_json(text.encode(encoding) if encoding else text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1, "b": 2, "a": 1}', "the key 'a' comes twice"),
        ('[{"x": {"b": 1, "c": 2, "b": 3}}]', "the key 'b' comes twice"),
        ('["\\ud83d"]', r"'\\ud83d', which is no character"),
        ("{'a': 1}", "no JSON: Expecting property name"),
        ("", "no JSON"),
        ("[" * 100_000, "no JSON: .*recursion"),
        (b'"\xff"', "no JSON: 'utf-8' codec"),
    ],
)
def test_what_is_refused(text, expected):
    with pytest.raises(UserError, match=expected):
        parsed_json(text)


def test_a_late_repetition_among_many_keys_is_found_at_once():
    keys = ", ".join(f'"{n}": {n}' for n in [*range(200_000), 199_999])
    with pytest.raises(UserError, match="the key '199999' comes twice"):
        parsed_json("{" + keys + "}")
