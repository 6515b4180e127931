"""The config of fine-tuning."""

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

from electra_tf.configs import effects, fields, released
from electra_tf.configs.encoder import SEGMENTS, encoder_config
from electra_tf.configs.hparams import Config, Derived
from electra_tf.configs.optimization import FinetuningUpdates
from electra_tf.configs.own_data import OwnDataSettings
from electra_tf.configs.program import ProgramConfig
from electra_tf.configs.tasks import TASKS, TaskSettings, row_of
from electra_tf.errors import UserError
from electra_tf.io import files

# Rows of `electra_tf.finetuning.inputs.BATCHINGS`.
ANSWER_PLACES = ("exact", "released")
SHORTEST_QUESTION = 4  # Tokens of an input with a piece of the passage.
VOCAB_FILE = "vocab.txt"
BATCHINGS = ("by_length", "shuffled", "fixed")
# "squad", and rows of `RULES` in `tasks.question_answering.answer_rules`.
ANSWER_SCORINGS = (
    "squad",
    "characters",
    "cmrc2018",
    *(f"mlqa_{code}" for code in ("ar", "de", "en", "es", "hi", "vi", "zh")),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class QuestionAnsweringSettings(Config):
    """Windows over passages, the heads, and how answers are chosen."""

    max_query_length: int = fields.qa(
        64, "word pieces of a question", at_least=1
    )
    doc_stride: int = fields.qa(128, "step between windows", at_least=1)
    n_best_size: int = fields.qa(20, "answers to keep a question", at_least=1)
    max_answer_length: int = fields.qa(
        30, "word pieces of an answer", at_least=1
    )
    answer_places: str = fields.qa(
        "exact",
        "how an answer is found in its passage, to learn and to predict it: "
        "exact goes by the characters that pieces come from; released looks "
        "for it from the word on that it begins in, as the original does",
        choices=ANSWER_PLACES,
    )
    answer_scoring: str = fields.qa(
        "squad",
        "rules by which exact match and F1 compare answers: squad's are for "
        "English; characters counts each character of scripts without blanks "
        "as a word, and strips the punctuation of all scripts; cmrc2018 "
        "counts the longest run in common; mlqa_ by the language of the answer",
        choices=ANSWER_SCORINGS,
    )
    answerable_classifier: bool = fields.qa(
        True, "whether to predict if a question has an answer"
    )
    answerable_uses_start_logits: bool = fields.qa(
        True, "whether that prediction sees the likely start"
    )
    answerable_weight: float = fields.qa(
        0.5, "weight of the loss of that prediction", at_least=0
    )
    joint_prediction: bool = fields.qa(
        True, "whether the end of an answer is predicted given its start"
    )
    beam_size: int = fields.qa(20, "starts to consider", at_least=1)
    qa_na_threshold: float = fields.qa(
        -2.75, "null odds above which a test question counts as unanswerable"
    )


def _vocab_file(config: "FinetuningPaths") -> str:
    """Return the vocabulary of the pre-trained model, or of the data."""
    start = config.init_checkpoint
    is_checkpoint = files.exists(f"{start}.index")
    folder = os.path.dirname(start) if is_checkpoint else start
    of_model = os.path.join(folder, VOCAB_FILE)
    of_data = os.path.join(config.data_dir, VOCAB_FILE)
    return of_model if files.exists(of_model) else of_data


@dataclasses.dataclass(frozen=True, kw_only=True)
class FinetuningPaths(Config):
    """Where fine-tuning reads and writes."""

    raw_data_dir: str = fields.path_field(
        fields.path("{c.data_dir}/finetuning_data/{{:}}"), "raw data of a task"
    )
    init_checkpoint: str = fields.path_field(
        fields.path("{c.pretrained_dir}"),
        "weights to start from; whatever electra_tf.conversion reads: a run, "
        "a model folder, a TensorFlow 1 checkpoint, a Hugging Face folder",
    )
    vocab_file: str = fields.path_field(
        Derived(
            _vocab_file,
            "that of init_checkpoint, or else {data_dir}/vocab.txt",
        ),
        "word pieces, one a line",
    )
    model_dir: str = fields.path_field(
        fields.path(
            "{c.pretrained_dir}/finetuning_models/{c.joined_tasks}_model"
        ),
        "folder of the run",
    )
    tuned_model_dir: str = fields.path_field(
        fields.path("{c.pretrained_dir}/tuned_models/{c.joined_tasks}"),
        "fine-tuned model folder, to predict with and to export; with "
        "tuned_models=all _<trial> is added",
    )
    results_txt: str = fields.path_field(
        fields.path("{c.pretrained_dir}/results/{c.joined_tasks}_results.txt"),
        "results for people",
    )
    results_json: str = fields.path_field(
        fields.path("{c.pretrained_dir}/results/{c.joined_tasks}_results.json"),
        "results for programs (results_pkl in the original)",
    )
    report_dir: str = fields.path_field(
        fields.path("{c.pretrained_dir}/results/{c.joined_tasks}_report"),
        "folder of report.md: scores, curves, what is confused, worst errors",
    )
    qa_eval_file: str = fields.path_field(
        fields.path("{c.qa_dir}/{{:}}_eval.json"), "scores of a task"
    )
    qa_preds_file: str = fields.path_field(
        fields.path("{c.qa_dir}/{{:}}_preds.json"), "answers of a task"
    )
    qa_na_file: str = fields.path_field(
        fields.path("{c.qa_dir}/{{:}}_null_odds.json"), "null odds of a task"
    )
    preprocessed_data_dir: str = fields.path_field(
        fields.path(
            "{c.pretrained_dir}/finetuning_tfrecords/{c.joined_tasks}_tfrecords"
        ),
        "folder of features that are kept; may be deleted at any time",
    )
    test_predictions: str = fields.path_field(
        fields.path(
            "{c.pretrained_dir}/test_predictions/{{:}}_{{:}}_{{:}}"
            "_predictions.json"
        ),
        "predictions for a test set (a pickle in the original); in "
        "submission_<trial>/ beside them is what the benchmark's site takes",
    )

    @property
    def pretrained_dir(self) -> str:
        """Folder of the pre-trained model and of what is made from it."""
        return os.path.join(self.data_dir, "models", self.model_name)

    @property
    def qa_dir(self) -> str:
        """Folder of the question answering results."""
        return f"{self.pretrained_dir}/results/{self.joined_tasks}_qa"


@dataclasses.dataclass(frozen=True, kw_only=True)
class FinetuningConfig(
    FinetuningPaths,
    QuestionAnsweringSettings,
    FinetuningUpdates,
    OwnDataSettings,
    TaskSettings,
    ProgramConfig,
):
    """Settings of fine-tuning; defaults follow the tasks and the model size.

    Raw data is read from `finetuning_data/<task>/` below `data_dir`, the
    checkpoint from `models/<model_name>/`, and all that the run writes lies
    below the latter, `pretrained_dir` for short. The braces `{:}` in paths are
    filled in later: by the task, and in `test_predictions` by task, split and
    trial.

    The same command goes on with a run that was stopped, in its trial. Exit
    status: as of run_pretraining.py.
    """

    effects = effects.FINETUNING

    do_train: bool = fields.run(True, "whether to train")
    do_eval: bool = fields.run(
        True, "whether to evaluate on the development set"
    )
    num_trials: int = fields.run(1, "runs with different seeds; -1 never stops")
    keep_all_models: bool = fields.run(
        True, "whether to keep the weights of every trial, not of the last only"
    )
    tuned_models: str = fields.run(
        "best",
        "of which trials to write a fine-tuned model folder: best takes the "
        "highest first metric, over tasks their mean",
        choices=("best", "all", "none"),
    )
    from_scratch: bool = fields.model(
        False, "start from random weights, as a baseline; no checkpoint is read"
    )
    log_examples: bool = fields.run(
        Derived(lambda c: c.debug, "false; true in debug"),
        "whether to log some examples",
    )
    use_tfrecords_if_existing: bool = fields.run(
        Derived(lambda c: not c.debug, "true; false in debug"),
        "whether to keep features on disk and take those that are there; they "
        "are never those of other data, settings, vocabulary or code",
    )
    write_test_outputs: bool = fields.run(
        False, "whether to write predictions for the test set"
    )
    write_distill_outputs: bool = fields.run(
        False, "without effect; kept for command lines of the original"
    )
    n_writes_test: int = fields.run(
        5, "number of trials that write test predictions"
    )
    iterations_per_loop: int = fields.run(
        fields.or_debug(1000, 1), "updates between summaries", at_least=1
    )
    save_checkpoints_steps: int = fields.run(
        1_000_000, "updates between checkpoints", at_least=1
    )

    max_seq_length: int = fields.batch(
        Derived(
            lambda c: row_of(c.task_names).max_seq_length,
            "128; 256 for chunk and tagging, 512 for question answering",
        ),
        "tokens of an input",
        at_least=3,
    )
    train_batch_size: int = fields.batch(
        32, "examples of an update, over all devices", at_least=1
    )
    eval_batch_size: int = fields.batch(
        32, "examples of an evaluation step", runtime=True, at_least=1
    )
    predict_batch_size: int = fields.batch(
        32, "examples of a prediction step", runtime=True, at_least=1
    )

    batching: str = fields.batch(
        Derived(
            lambda c: "fixed" if c.must_compile else "by_length",
            "by_length; fixed on TPU and with jit_compile",
        ),
        "by_length takes examples of like length together and pads to the "
        "longest, shuffled takes any and pads to the longest, fixed takes any "
        "and pads to max_seq_length, as the original",
        choices=BATCHINGS,
    )

    @classmethod
    def other_fields(cls) -> tuple[dataclasses.Field, ...]:
        """Return the released code's names, see `configs.released`."""
        return dataclasses.fields(released.ReleasedPaths)

    @classmethod
    def translated(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return settings with those names turned into our settings."""
        settings = released.with_our_paths(values)
        if settings.get("init_checkpoint", "") is None:
            del settings["init_checkpoint"]
            if not settings.setdefault("from_scratch", True):
                raise UserError(
                    "init_checkpoint null starts from random weights, which "
                    "from_scratch false forbids. Give one of them."
                )
        return settings

    @property
    def asks_questions(self) -> bool:
        """Whether a task answers questions about a passage."""
        heads = {TASKS[name].head for name in self.task_names}
        return "question_answering" in heads

    def check(self):
        """Raise a `UserError` if fields contradict each other."""
        super().check()
        if self.asks_questions and self.max_seq_length < SHORTEST_QUESTION:
            raise UserError(
                f"max_seq_length must be at least {SHORTEST_QUESTION} for "
                "questions: [CLS], two [SEP] and a piece of the passage. "
                f"Received: {self.max_seq_length}."
            )
        single = all(TASKS[name].single for name in self.task_names)
        pairs = self.text_pair_column or not single
        if pairs and encoder_config(self).type_vocab_size < SEGMENTS:
            raise UserError(
                "type_vocab_size must be at least 2 for pairs, questions and "
                "tagged words, which have segment 1. Received: "
                f"model_hparam_overrides {dict(self.model_hparam_overrides)}."
            )
        if self.must_compile and self.batching != "fixed":
            needs = "jit_compile" if self.jit_compile else "TPU"
            raise UserError(
                f"{needs} needs batching 'fixed', which has one shape only. "
                f"Received: {self.batching!r}."
            )
