"""From texts to answers: a table by the kind of head; no TensorFlow.

Each row makes a text's inputs, as many as it takes, and an answer of what the
head said about them:

    inputs(row) -> list of dicts with input_ids and segment_ids
    answer(row, inputs, outputs) -> dict that JSON can hold

`fields` are what a row must have, `optional` what else it may have, and
`texts` what a text or a pair of them, instead of named fields, stand for.
"""

from electra_tf.finetuning.serving.sentence_answers import SentenceAnswers
from electra_tf.finetuning.serving.span_answers import SpanAnswers
from electra_tf.finetuning.serving.tag_answers import TagAnswers

ANSWERS = {
    "classification": SentenceAnswers,
    "multilabel": SentenceAnswers,
    "regression": SentenceAnswers,
    "tagging": TagAnswers,
    "joint_question_answering": SpanAnswers,
    "independent_question_answering": SpanAnswers,
}


def problem(answers, row: dict) -> str:
    """Say what is wrong with a row; "" for nothing."""
    words = row.get("words")
    if words is not None and "words" in answers.optional:
        good = isinstance(words, list) and words
        if good and all(isinstance(w, str) and w.strip() for w in words):
            return ""
        return f"words must be a list of texts; received {words!r}"
    for name in answers.fields:
        value = row.get(name)
        if not isinstance(value, str):
            have = ", ".join(row) or "nothing"
            return f"no text for {name!r}; the row has {have}"
        if not value.strip():
            return f"{name!r} is empty"
    for name in answers.optional:
        if not isinstance(row.get(name), str | None):
            return f"{name!r} must be a text; received {row[name]!r}"
    return ""
