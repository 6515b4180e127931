"""Answers as spans of a passage: SQuAD and the tasks of MRQA; no TensorFlow."""

import json
import os
import typing

from absl import logging

from electra_tf.configs import fields
from electra_tf.finetuning.tasks import tfds_source
from electra_tf.finetuning.tasks.question_answering import (
    answer_metrics,
    answer_places,
    answer_rules,
    passages,
    reach,
    span_decoding,
)
from electra_tf.finetuning.tasks.question_answering.passages import (
    Asked,
    Question,
)
from electra_tf.finetuning.tasks.question_answering.span_decoding import Answer
from electra_tf.finetuning.tasks.question_answering.windows import Windows
from electra_tf.finetuning.tasks.task import (
    DEV,
    TRAIN,
    DataError,
    FeatureSpec,
    HeadSpec,
    Source,
    Task,
    say,
)
from electra_tf.io import files

DEBUG_QUESTIONS = 100  # To read in debug mode.
# Answers to learn that are read back: it takes as long as to make features.
MOST_READ_BACK = 10_000


class AnswerFiles(typing.NamedTuple):
    """The files of a task, or its set of TensorFlow Datasets."""

    layout: str  # Of the files, a row of `passages.LAYOUTS`.
    tfds_name: str  # The set of TensorFlow Datasets.
    extension: str = ".jsonl"  # Of the files.
    has_null_answers: bool = False  # Whether questions may have no answer.


QUESTION_ANSWERING = {
    "squad": AnswerFiles("squad", "squad/v2.0", ".json", has_null_answers=True),
    "squadv1": AnswerFiles("squad", "squad/v1.1", ".json"),
    "newsqa": AnswerFiles("mrqa", "mrqa/news_qa"),
    "naturalqs": AnswerFiles("mrqa", "mrqa/natural_questions"),
    "triviaqa": AnswerFiles("mrqa", "mrqa/trivia_qa"),
    "searchqa": AnswerFiles("mrqa", "mrqa/search_qa"),
}


class QuestionAnswering(Task):
    """A task of the table `QUESTION_ANSWERING`."""

    without_answers = "SQuAD 2.0 is the task 'squad'."

    def __init__(self, name: str, config):
        super().__init__(name, config)
        self._decoded: tuple[dict, dict[str, Answer]] | None = None

    @property
    def has_null_answers(self) -> bool:
        """Whether questions may have no answer."""
        return QUESTION_ANSWERING[self.name].has_null_answers

    @property
    def feature_specs(self) -> tuple[FeatureSpec, ...]:
        """Number of the window, and where the answer is in it."""
        names = ("eid", "start_positions", "end_positions", "is_impossible")
        return tuple(FeatureSpec(f"{self.name}_{name}") for name in names)

    @property
    def head(self) -> HeadSpec:
        """Scores of starts and ends, and of having no answer."""
        config = self.config
        kind = "joint" if config.joint_prediction else "independent"
        options = {
            "answerable_classifier": config.answerable_classifier,
            "answerable_uses_start_logits": config.answerable_uses_start_logits,
            "answerable_weight": config.answerable_weight,
        }
        if config.joint_prediction:
            options["beam_size"] = config.beam_size
        return HeadSpec(f"{kind}_question_answering", 1, options)

    def examples(self, split: str) -> list[Question]:
        """Read a split; see `Task.examples`."""
        where, asked = self._asked(split)
        if self.config.debug:
            asked = asked[:DEBUG_QUESTIONS]
        if not asked:
            raise DataError(f"{where} holds no question.")
        say(f"{self.name} {split}: {len(asked)} questions")
        if split == TRAIN:
            return self._to_learn(asked, where)
        _check_ids(asked)
        if split == DEV:
            asked = self._to_score(asked, where)
        questions = [
            Question(eid, q.id, q.text, q.passage, q.golds)
            for eid, q in enumerate(asked)
        ]
        if split == DEV:
            self._check_golds(questions, where)
        return questions

    def _asked(self, split: str) -> tuple[str, list[Asked]]:
        """Read a split; return where it is, and its questions."""
        row, config = QUESTION_ANSWERING[self.name], self.config
        if config.source == "tfds":
            table = tfds_source.read_split(
                row.tfds_name, tfds_source.SPLITS[split], config.tfds_data_dir
            )
            return table.name, passages.asked_of(table)
        folder = fields.filled(config.raw_data_dir, self.name)
        path = os.path.join(folder, split + row.extension)
        return path, passages.read_file(path, row.layout)

    def _to_learn(self, asked: list[Asked], where: str) -> list[Question]:
        places = answer_places.ANSWER_PLACES[self.config.answer_places]
        questions, left_out = passages.to_learn(
            asked, self.has_null_answers, places.is_at_its_place
        )
        if left_out:
            self._report_left_out(left_out, len(asked), where)
        if not questions:
            raise DataError(f"{where} holds no question that can be learnt.")
        return questions

    def _to_score(self, asked: list[Asked], where: str) -> list[Asked]:
        """Return the questions to score; as released, those without answers.

        What they should be is not known where is_impossible is not true.
        """
        if self.has_null_answers and (bare := passages.unanswered(asked)):
            logging.warning(
                "%s: %d of %d questions have no answer, but is_impossible is "
                "not true; they are scored as questions without an answer. "
                "The first is %r.",
                where,
                len(bare),
                len(asked),
                bare[0].id,
            )
        return asked

    def _report_left_out(self, left_out: list[Asked], total: int, where: str):
        """Name the questions that cannot be learnt; data has a few."""
        logging.warning(
            "%s: left out %d of %d questions whose answer is not in the "
            "passage at the place given; the first is this. %s.",
            where,
            len(left_out),
            total,
            passages.misplaced(left_out[0]),
        )

    def _check_golds(self, questions: list[Question], path: str):
        """Refuse questions without answers; tell of answers without blanks."""
        bare = [question.id for question in questions if not question.golds]
        if bare and not self.has_null_answers:
            raise DataError(
                f"{path}: {len(bare)} of {len(questions)} questions have no "
                f"right answer; expected one or more in {self.name}. The first "
                f"is {bare[0]!r}. {self.without_answers}"
            )
        lost = [q for q in questions if q.golds and not passages.has_answer(q)]
        if lost:
            say(
                f"{path}: {len(lost)} of {len(questions)} questions have right "
                "answers, none of which stands in the passage, "
                f"{lost[0].id!r} for instance; no prediction can be exact"
            )
        golds = [q.golds[0] for q in questions if q.golds]
        others = sum(map(answer_rules.is_without_blanks, golds))
        is_english = self.config.answer_scoring == answer_metrics.SQUAD
        if is_english and 2 * others > len(golds):
            logging.warning(
                "%s: %d of %d answers are in scripts without blanks between "
                "words. The English rules of answer_scoring=squad take each "
                "for one word; answer_scoring=characters counts characters.",
                path,
                others,
                len(golds),
            )

    def remark(self, examples: list[Question], tokenizer) -> str:
        """Say how many answers can be predicted; see `Task.remark`."""
        config = self.config
        read_back = reach.Reach(
            Windows(tokenizer, config), config, config.answer_scoring
        )
        asked = [q for q in examples if q.begin != passages.NO_PLACE]
        step = -(-len(asked) // MOST_READ_BACK) or 1
        found = reach.described(read_back(q)[0] for q in asked[::step])
        if step > 1:
            found += f" (read back was 1 in {step} of {len(asked)})"
        return f"{self.name} {TRAIN}: {found}" if asked else ""

    def features(self, examples: list[Question], tokenizer) -> list[dict]:
        """Tokenize, and cut passages into windows."""
        cut = Windows(tokenizer, self.config)
        return [
            {
                "input_ids": window.input_ids,
                "segment_ids": window.segment_ids,
                "cut": window.cut,
                f"{self.name}_eid": window.eid,
                f"{self.name}_start_positions": window.start,
                f"{self.name}_end_positions": window.end,
                f"{self.name}_is_impossible": int(window.is_impossible),
            }
            for question in examples
            for window in cut(question)
        ]

    def score(
        self, outputs: dict, source: Source | None = None
    ) -> dict[str, float]:
        """Return the task's metrics."""
        golds = {question.id: question.golds for question in source.examples}
        found, config = self._answers(outputs, source), self.config
        texts = {name: answer.text for name, answer in found.items()}
        if self.has_null_answers:
            return answer_metrics.with_null_answers(
                golds,
                texts,
                _null_odds(found),
                config.qa_na_threshold,
                config.answer_scoring,
            )
        return answer_metrics.exact_match_and_f1(
            golds, texts, config.answer_scoring
        )

    def write_details(
        self, outputs: dict, source: Source, scores: dict[str, float]
    ) -> None:
        """Write scores, answers and null odds."""
        found = self._answers(outputs, source)
        texts = {name: answer.text for name, answer in found.items()}
        written = {"qa_preds_file": texts, "qa_eval_file": scores}
        if self.has_null_answers:
            written["qa_na_file"] = _null_odds(found)
        for name, path in self.result_files():
            files.write(path, json.dumps(written[name], indent=1))

    def result_files(self) -> list[tuple[str, str]]:
        """Return the files of scores, answers and null odds."""
        names = ["qa_preds_file", "qa_eval_file"]
        names += ["qa_na_file"] * self.has_null_answers
        paths = [getattr(self.config, name) for name in names]
        filled = [fields.filled(path, self.name) for path in paths]
        return [*zip(names, filled, strict=True)]

    def predictions(
        self, outputs: dict, source: Source | None = None
    ) -> dict[str, str]:
        """Return answers by the names of questions; "" for no answer."""
        threshold = self.config.qa_na_threshold
        return {
            name: ""
            if self.has_null_answers and answer.null_odds > threshold
            else answer.text
            for name, answer in self._answers(outputs, source).items()
        }

    def submission(
        self, split: str, outputs: dict, source: Source
    ) -> dict[str, str]:
        """Return answers by question; for SQuAD 2.0 also their null odds."""
        found = {f"{self.name}.json": self.predictions(outputs, source)}
        if self.has_null_answers:
            null_odds = _null_odds(self._answers(outputs, source))
            found[f"{self.name}_null_odds.json"] = null_odds
        return {name: json.dumps(content) for name, content in found.items()}

    def _answers(self, outputs: dict, source: Source) -> dict[str, Answer]:
        # The last outputs' are kept: they are scored, and told in a report.
        if self._decoded is None or self._decoded[0] is not outputs:
            self._decoded = outputs, self._decode(outputs, source)
        return self._decoded[1]

    def _decode(self, outputs: dict, source: Source) -> dict[str, Answer]:
        """Return the answer of every question by its name."""
        row = {int(eid): n for n, eid in enumerate(outputs["eid"])}
        cut = Windows(source.tokenizer, self.config)
        decode = span_decoding.Decoder(cut.places, self.config)
        answers = {}
        for question in source.examples:
            windows = cut(question)
            of_windows = [
                {name: v[row[w.eid]] for name, v in outputs.items()}
                for w in windows
            ]
            answers[question.id] = decode(question, windows, of_windows)
        return answers


def _null_odds(answers: dict[str, Answer]) -> dict[str, float]:
    return {name: answer.null_odds for name, answer in answers.items()}


def _check_ids(asked: list[Asked]) -> None:
    """Answers are written by their questions' names."""
    places = {}
    for question in asked:
        if question.id in places:
            raise DataError(
                f"{question.where}: the id {question.id!r} is that of "
                f"{places[question.id]} too; each question needs its own."
            )
        places[question.id] = question.where
