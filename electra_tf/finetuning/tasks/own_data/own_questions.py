"""A user's own questions about passages; no TensorFlow.

Files are those of SQuAD or MRQA, or have a question a row, as Hugging Face's
datasets. Questions may have no answer where some of the training data have
none.
"""

import functools

from electra_tf.finetuning.tasks import own_data
from electra_tf.finetuning.tasks.question_answering import passages
from electra_tf.finetuning.tasks.question_answering.passages import Asked
from electra_tf.finetuning.tasks.question_answering.question_answering import (
    QuestionAnswering,
)
from electra_tf.finetuning.tasks.task import TEST, TRAIN, DataError, say
from electra_tf.finetuning.tasks.text_files import shown

# From settings to the fields of a table with a question a row.
COLUMNS = {
    "text_column": "question",
    "text_pair_column": "context",
    "label_column": "answers",
}


class OwnQuestions(QuestionAnswering):
    """The task of `train_file`, `dev_file` and `test_file`."""

    without_answers = "In the training data all questions have one."

    @functools.cached_property
    def has_null_answers(self) -> bool:
        """Whether questions of the training data have no answer."""
        return any(question.is_impossible for question in self._read(TRAIN)[1])

    @functools.cached_property
    def _learnt(self) -> own_data.Learnt:
        return own_data.Learnt()

    def _asked(self, split: str) -> tuple[str, list[Asked]]:
        name, asked = self._read(split, say)
        keys = ((question.text, question.passage.text) for question in asked)
        self._learnt.tell(self.name, split, keys)
        if split == TRAIN and asked:
            ids = {question.id for question in asked}
            if len(ids) < len(asked):
                say(
                    f"{name}: {len(asked) - len(ids)} questions have the id of "
                    "another; all are used."
                )
            first = asked[0]
            say(
                f"{self.name}: the first question as it is read: "
                f"{shown(first.text)}, answers {shown(first.golds)}, passage "
                f"{shown(first.passage.text)}"
            )
        return name, asked

    def _read(self, split: str, tell=lambda text: None):
        table = own_data.read_own_table(self.config, split, tell)
        given = {
            setting: getattr(self.config, setting)
            for setting in COLUMNS
            if getattr(self.config, setting) is not None
        }
        layout = passages.layout_of(table)
        for setting, column in given.items():
            if layout != "rows":
                raise DataError(
                    f"{table.name} has the layout of {layout}, whose fields "
                    f"have their names; set no {setting}."
                )
            table.check_column(setting, column)
        answers = given.get("label_column", "answers")
        says = {answers, "is_impossible", "detected_answers"}
        has_questions = given.get("text_column", "question") in table.columns
        if split != TEST and has_questions and not says & {*table.columns}:
            table.check_column("label_column", answers)
        columns = {COLUMNS[setting]: name for setting, name in given.items()}
        skip = self.config.skip_bad_rows
        return table.name, passages.asked_of(table, columns, skip, tell=tell)

    def _to_score(self, asked: list[Asked], where: str) -> list[Asked]:
        bare = passages.unanswered(asked)
        if not bare:
            return asked
        self._report_left_out(bare, len(asked), where)
        if len(bare) == len(asked):
            raise DataError(f"{where} holds no question that can be scored.")
        left_out = {question.id for question in bare}
        return [q for q in asked if q.id not in left_out]

    def _report_left_out(self, left_out: list[Asked], total: int, where: str):
        first = passages.misplaced(left_out[0])
        told = f"{first}. Of {total} questions {len(left_out)} are like this."
        if not self.config.skip_bad_rows:
            raise DataError(
                f"{told} Correct the places, count characters and not bytes, "
                "mark questions without an answer by is_impossible, or leave "
                "them out by --skip_bad_rows."
            )
        say(f"{told} They are left out.")
