"""Answers as spans of a passage: SQuAD and the tasks of MRQA; no TensorFlow."""

import json
import os
import typing
from collections.abc import Callable, Iterator

from absl import logging

from electra_tf.finetuning import answer_metrics, passages
from electra_tf.finetuning.passages import Question
from electra_tf.finetuning.span_decoding import Answer, Decoder
from electra_tf.finetuning.task import (
    DEV,
    TRAIN,
    DataError,
    FeatureSpec,
    HeadSpec,
    Source,
    Task,
)
from electra_tf.finetuning.windows import Window, Windows

DEBUG_QUESTIONS = 100  # To read in debug mode.


class AnswerFiles(typing.NamedTuple):
    """What a task's files are like.

    Attributes:
        read: function from a path to the questions of a file.
        extension: str, of the files.
        has_null_answers: bool, whether questions may have no answer.
    """

    read: Callable
    extension: str = ".jsonl"
    has_null_answers: bool = False


QUESTION_ANSWERING = {
    "squad": AnswerFiles(passages.read_squad, ".json", has_null_answers=True),
    "squadv1": AnswerFiles(passages.read_squad, ".json"),
    "newsqa": AnswerFiles(passages.read_mrqa),
    "naturalqs": AnswerFiles(passages.read_mrqa),
    "triviaqa": AnswerFiles(passages.read_mrqa),
    "searchqa": AnswerFiles(passages.read_mrqa),
}


class QuestionAnswering(Task):
    """A task of the table `QUESTION_ANSWERING`."""

    def __init__(self, name: str, config):
        super().__init__(name, config)
        self.files = QUESTION_ANSWERING[name]

    @property
    def has_null_answers(self) -> bool:
        """Whether questions may have no answer."""
        return self.files.has_null_answers

    @property
    def feature_specs(self) -> tuple[FeatureSpec, ...]:
        """Number of the window, and where the answer is in it."""
        return tuple(
            FeatureSpec(f"{self.name}_{feature}")
            for feature in (
                "eid",
                "start_positions",
                "end_positions",
                "is_impossible",
            )
        )

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
        folder = self.config.raw_data_dir.format(self.name)
        path = os.path.join(folder, split + self.files.extension)
        asked = self.files.read(path)
        if self.config.debug:
            asked = asked[:DEBUG_QUESTIONS]
        if not asked:
            raise DataError(f"{path} holds no question.")
        if split != TRAIN:
            questions = passages.to_evaluate(asked)
            if split == DEV:
                self._check_golds(questions, path)
            return questions
        questions, left_out = passages.to_learn(
            asked, self.files.has_null_answers
        )
        if left_out:
            logging.warning(
                "%s: left out %d of %d questions whose answer is not in the "
                "passage at the place given; the first is %s",
                path,
                len(left_out),
                len(asked),
                left_out[0],
            )
        if not questions:
            raise DataError(f"{path} holds no question that can be learnt.")
        return questions

    def _check_golds(self, questions: list[Question], path: str):
        bare = [question.id for question in questions if not question.golds]
        if bare and not self.files.has_null_answers:
            raise DataError(
                f"{path}: {len(bare)} of {len(questions)} questions have no "
                f"right answer; expected one or more in {self.name}. The first "
                f"is {bare[0]!r}. SQuAD 2.0 is the task 'squad'."
            )

    def features(self, examples: list[Question], tokenizer) -> list[dict]:
        """Tokenize, and cut passages into windows."""
        windows = self._windows(tokenizer)
        return [
            self._features(window)
            for question in examples
            for window in windows(question)
        ]

    def _windows(self, tokenizer) -> Windows:
        config = self.config
        return Windows(
            tokenizer,
            config.max_seq_length,
            config.max_query_length,
            config.doc_stride,
        )

    def _features(self, window: Window) -> dict:
        rest = len(window.input_ids) - window.offset
        return {
            "input_ids": window.input_ids,
            "segment_ids": [0] * window.offset + [1] * rest,
            f"{self.name}_eid": window.eid,
            f"{self.name}_start_positions": window.start,
            f"{self.name}_end_positions": window.end,
            f"{self.name}_is_impossible": int(window.is_impossible),
        }

    def score(
        self, outputs: dict, source: Source | None = None
    ) -> dict[str, float]:
        """Return the task's metrics; write them, answers and null odds."""
        golds = {question.id: question.golds for question in source.examples}
        found = dict(self._answers(outputs, source))
        texts = {name: answer.text for name, answer in found.items()}
        null_odds = {name: answer.null_odds for name, answer in found.items()}
        config = self.config
        if self.files.has_null_answers:
            scores = answer_metrics.with_null_answers(
                golds, texts, null_odds, config.qa_na_threshold
            )
            self._write(config.qa_na_file, null_odds)
        else:
            scores = answer_metrics.exact_match_and_f1(golds, texts)
        self._write(config.qa_preds_file, texts)
        self._write(config.qa_eval_file, scores)
        return scores

    def predictions(
        self, outputs: dict, source: Source | None = None
    ) -> dict[str, str]:
        """Return answers by the names of questions; "" for no answer."""
        threshold = self.config.qa_na_threshold
        return {
            name: ""
            if self.files.has_null_answers and answer.null_odds > threshold
            else answer.text
            for name, answer in self._answers(outputs, source)
        }

    def _answers(
        self, outputs: dict, source: Source
    ) -> Iterator[tuple[str, Answer]]:
        """Give the name and the answer of every question."""
        row = {int(eid): n for n, eid in enumerate(outputs["eid"])}
        cut = self._windows(source.tokenizer)
        decode = Decoder(source.tokenizer, self.config)
        for question in source.examples:
            windows = cut(question)
            of_windows = [
                {name: v[row[w.eid]] for name, v in outputs.items()}
                for w in windows
            ]
            yield question.id, decode(question, windows, of_windows)

    def _write(self, path: str, content: dict):
        path = path.format(self.name)
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
