"""A Keras model that tags words."""

from collections.abc import Mapping

import numpy as np
from absl import logging
from keras import ops

from electra_tf.errors import UserError, shown
from electra_tf.finetuning.serving import tag_answers
from electra_tf.finetuning.tasks.tagging import word_pieces
from electra_tf.models import given
from electra_tf.models.task_model import TaskModel
from electra_tf.models.tokenizer import arrays, padded
from electra_tf.models.training import IGNORED, LabelAccuracy, label_loss


class Tagger(TaskModel):
    """Chooses a label for each token; of texts, for the first one of a word.

    Labels beside ids are numbers, int `(batch, length)`, -100 where there is
    nothing to learn. Beside texts or lists of words they are lists of tags.

    Args:
        encoder, tokenizer, max_length: of
            `electra_tf.models.encoder_model.EncoderModel`.
        num_labels: int.
        labels: names of the labels, instead of their number.

    Call arguments:
        inputs: see `EncoderModel`.

    Returns:
        Float32 logits `(batch, length, labels)`.

    >>> tagger = Tagger.load("FOLDER", labels=["O", "B-NP", "I-NP"])
    >>> words, tags = [["a", "good", "film"]], [["B-NP", "I-NP", "I-NP"]]
    >>> _ = tagger.fit(words, tags, verbose=0)
    >>> tagger.predict(words, verbose=0).shape == (1, tagger.max_length, 3)
    True
    >>> [word["word"] for word in tagger.answers(["A good film"])[0]["tags"]]
    ['A', 'good', 'film']
    """

    KINDS = ("tagging",)
    TASK = "tagging"
    LABELS_APART = False
    LABEL_AXES = 2

    def _new_task(self, kind, num_labels, labels):
        task = super()._new_task(kind, num_labels, labels)
        values = {
            "lower_case_words": True,
            "splits_ideographs": True,
            "span_rule": "entities",
            "segment": 0,  # As in transformers, so that it converts.
        }
        return type(task)(**{**vars(task), **values})

    def _outputs(self, encoded, inputs, training):
        ids = inputs["input_ids"]
        places = ops.arange(ops.shape(ids)[1], dtype="int32")
        positions = ops.zeros_like(ids) + places[None]
        return self._of_head(encoded, inputs, training, positions)["logits"]

    def _defaults(self) -> dict:
        return {"loss": label_loss(), "metrics": [LabelAccuracy()]}

    def _targets(self, labels, inputs=None):
        """Return numbers for names, after checks."""
        if labels is None:
            return None
        return self._checked(self._numbers(labels), axes=2)

    def _parsed(self, texts, answers) -> list[dict]:
        """Return rows of texts, or of lists of words."""
        if not isinstance(texts, str | Mapping):
            texts = [
                {"words": list(row)} if isinstance(row, list | tuple) else row
                for row in texts
            ]
        return super()._parsed(texts, answers)

    def _features(self, texts, labels):
        rows = self._rows(texts, self._answers())
        if labels is not None and len(labels) != len(rows):
            raise UserError(
                "There must be a list of tags for each text. Received: "
                f"{len(rows)} texts and {len(labels)} lists."
            )
        tokenizer = self._reader()
        basic = word_pieces.basic_tokenizer(
            tokenizer, self.task.lower_case_words, self.task.splits_ideographs
        )
        inputs, targets, lost, bare = [], [], 0, 0
        for number, row in enumerate(rows):
            words = _words(row, basic)
            pieces = word_pieces.pieces_of_words(words, tokenizer, basic)
            placed = word_pieces.what_fits(pieces, self.max_length)
            lost += len(placed.positions) < len(words)
            bare += pieces.bare
            segments = [self.task.segment] * len(placed.input_ids)
            inputs.append(
                {"input_ids": placed.input_ids, "segment_ids": segments}
            )
            if labels is not None:
                tags = self._tags(labels[number], words, number)
                target = [IGNORED] * self.max_length
                for place, tag in zip(placed.positions, tags, strict=False):
                    target[place] = tag
                targets.append(target)
        if lost:
            logging.warning(
                f"{lost} of {len(rows)} texts had more than max_length "
                f"{self.max_length} tokens and lost their last words."
            )
        if bare:
            logging.warning(
                f"{bare} words are nothing but characters that the tokenizer "
                "drops; each is read as [UNK]."
            )
        made = arrays(inputs, self.max_length)
        width = self.max_length
        return made, None if labels is None else padded(targets, width)

    def _tags(self, tags, words: list[str], number: int) -> list[int]:
        if not isinstance(tags, list | tuple | np.ndarray) or len(tags) != len(
            words
        ):
            raise UserError(
                f"Text {number} has {len(words)} words, so its tags must be a "
                f"list of as many. Received: {shown(tags)}."
            )
        return self._checked(self._numbers(list(tags)), axes=1).tolist()


def _words(row: dict, basic) -> list[str]:
    if row.get("words") is not None:
        return given.listed(row["words"])
    return [word.text for word in tag_answers.split(row["text"], basic)]
