"""Sentences in, labels or numbers out; no TensorFlow."""

import numpy as np
from scipy import special

from electra_tf.finetuning.tasks.sentences.classification import joined
from electra_tf.finetuning.tasks.sentences.targets import RegressionTarget


class SentenceAnswers:
    """Makes the input of a text or a pair, and reads what the head said.

    An input is cut where it is too long; the answer says so.

    Args:
        task: `TunedTask`.
        settings: `InputSettings`.
        tokenizer: `electra_tf.text.tokenization.Tokenizer`.
    """

    fields = ("text",)
    optional = ("text_pair",)
    texts = ("text", "text_pair")

    def __init__(self, task, settings, tokenizer):
        self.task = task
        self.settings = settings
        self.tokenizer = tokenizer

    def inputs(self, row: dict) -> list[dict]:
        """Return the one input of a row: its input_ids and segment_ids."""
        texts = row["text"], row.get("text_pair") or ""
        ids, pair_ids = map(self.tokenizer.encode, texts)
        input_ids, segment_ids = joined(
            ids,
            pair_ids,
            self.settings.max_seq_length,
            self.tokenizer.cls_id,
            self.tokenizer.sep_id,
        )
        num_special = 3 if pair_ids else 2
        cut = len(ids) + len(pair_ids) + num_special > len(input_ids)
        return [
            {"input_ids": input_ids, "segment_ids": segment_ids, "cut": cut}
        ]

    def answer(self, row: dict, inputs: list[dict], outputs: list) -> dict:
        """Return the answer, from the one input and its outputs."""
        return {
            **ANSWERS[self.task.head.kind](self.task, outputs[0]),
            "cut": inputs[0]["cut"],
        }


def _label(task, output: dict) -> dict:
    """The likeliest label, and the probabilities of all."""
    logits = np.asarray(output["logits"], np.float64)
    shares = special.softmax(logits)
    return {
        "label": task.labels[int(logits.argmax())],
        "probability": float(shares.max()),
        "probabilities": dict(zip(task.labels, shares.tolist(), strict=True)),
    }


def _labels(task, output: dict) -> dict:
    """The labels that are likelier than not, and all probabilities."""
    logits = np.asarray(output["logits"], np.float64)
    shares = special.expit(logits).tolist()
    chosen = zip(task.labels, logits, strict=True)
    return {
        "labels": [name for name, logit in chosen if logit > 0],
        "probabilities": dict(zip(task.labels, shares, strict=True)),
    }


def _number(task, output: dict) -> dict:
    """The number on the scale of the training data."""
    return {
        "score": RegressionTarget(*task.scale).as_number(output["predictions"])
    }


# By the kind of head.
ANSWERS = {
    "classification": _label,
    "multilabel": _labels,
    "regression": _number,
}
