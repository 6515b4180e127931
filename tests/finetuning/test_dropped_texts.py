"""Texts of which the tokenizer keeps nothing, or knows nothing."""

import pytest

from electra_tf.errors import UserError
from tests.finetuning.finetuned import loaded, run

ZERO_WIDTH, NUL, ACCENT = "\u200b \ufeff", "a\0"[1:], "\u0301"


@pytest.mark.parametrize("text", [ZERO_WIDTH, NUL, ACCENT])
def test_a_text_without_tokens_is_refused(any_model, text):
    predictor = loaded(any_model)
    rows = {
        ("text",): [{"text": text}],
        ("text", "text_pair"): [
            {"text": text, "text_pair": "film"},
            {"text": "film", "text_pair": text},
        ],
        ("question", "context"): [
            {"question": text, "context": "film"},
            {"question": "film", "context": text},
        ],
    }[predictor.answers.fields]
    for row in rows:
        name = next(name for name in row if row[name] == text)
        (answer,) = predictor.answer([row])
        assert answer == {
            "error": f"{name!r} has no token: nothing but characters that the "
            "tokenizer drops"
        }


def test_words_without_tokens(tagger):
    predictor = loaded(tagger)
    (answer,) = predictor([["film", ZERO_WIDTH]])
    assert len(answer["tags"]) == 2
    with pytest.raises(UserError, match="Row 0: 'words' has no token"):
        predictor([[ZERO_WIDTH, NUL]])


def test_unknown_words_are_told_once(model, caplog):
    predictor = loaded(model)
    predictor("good film")
    assert not caplog.messages
    for _ in range(2):
        predictor(["\u0444\u0438\u043b\u044c\u043c"])
    (told,) = caplog.messages
    assert told.startswith("33% of the tokens are [UNK]")


def test_other_rows_are_answered(model, tmp_path):
    text = f"good\n{ZERO_WIDTH}\n{ZERO_WIDTH}bad\n"
    rows = run(model, tmp_path, text)
    assert [("label" in row, "error" in row) for row in rows] == [
        (True, False),
        (False, True),
        (True, False),
    ]
