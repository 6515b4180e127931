"""A user's own questions about passages; no TensorFlow.

Files are those of SQuAD (.json) or MRQA (.jsonl). Questions may have no answer
where some of the training data have none.
"""

import functools

from electra_tf.finetuning.tasks import own_data
from electra_tf.finetuning.tasks.question_answering import passages
from electra_tf.finetuning.tasks.question_answering.passages import Asked
from electra_tf.finetuning.tasks.question_answering.question_answering import (
    QuestionAnswering,
)
from electra_tf.finetuning.tasks.task import TRAIN, DataError

READERS = {".json": passages.read_squad, ".jsonl": passages.read_mrqa}


class OwnQuestions(QuestionAnswering):
    """The task of `train_file`, `dev_file` and `test_file`."""

    without_answers = "In the training data all questions have one."

    @functools.cached_property
    def has_null_answers(self) -> bool:
        """Whether questions of the training data have no answer."""
        _, asked = self._asked(TRAIN)
        return any(question.is_impossible for question in asked)

    def _asked(self, split: str) -> tuple[str, list[Asked]]:
        if self.config.tfds_name is not None:
            table = own_data.read_own_table(self.config, split)
            return table.name, passages.from_tfds(table.records)
        path = own_data.file_of(self.config, split)
        for extension, read in READERS.items():
            if path.endswith(extension):
                return path, read(path)
        raise DataError(
            f"{path}: questions are read from .json, as SQuAD's files, or "
            ".jsonl, as MRQA's."
        )

    def _report_left_out(self, left_out: list[Asked], total: int, where: str):
        first = passages.misplaced(left_out[0])
        raise DataError(
            f"{first}. Of {total} questions {len(left_out)} are like this. "
            "Correct the places, count characters and not bytes, or mark "
            "questions without an answer by is_impossible."
        )
