"""The config of fine-tuning."""

import dataclasses
import os

from electra_tf.configs import fields, own_data
from electra_tf.configs.hparams import Derived
from electra_tf.configs.program import ProgramConfig
from electra_tf.configs.tasks import TASKS, TaskRow
from electra_tf.errors import UserError

BATCHINGS = ("by_length", "shuffled", "fixed")

# Defaults that depend on the task hold for a single task only; several have
# those of a row that sets none.
_SEVERAL = TaskRow("")
DEBUG_EPOCHS = 3.0


def _row(config: "FinetuningConfig") -> TaskRow:
    """Return the row of the only task."""
    names = config.task_names
    return TASKS[names[0]] if len(names) == 1 else _SEVERAL


def _default_epochs(config: "FinetuningConfig") -> float:
    return DEBUG_EPOCHS if config.debug else _row(config).num_train_epochs


@dataclasses.dataclass(frozen=True, kw_only=True)
class FinetuningConfig(ProgramConfig):
    """Settings of fine-tuning; defaults follow the tasks and the model size.

    Raw data is read from `finetuning_data/<task>/` below `data_dir`, the
    checkpoint from `models/<model_name>/`, and all that the run writes lies
    below the latter, `pretrained_dir` for short. The braces `{:}` in paths are
    filled in later: by the task, and in `test_predictions` by task, split and
    trial.
    """

    task: str | None = fields.task(
        None, "short for task_names of one task", choices=TASKS, runtime=True
    )
    task_names: tuple[str, ...] = fields.task(
        Derived(lambda c: (c.task or "chunk",), "task, or else chunk"),
        "tasks to learn, together if several",
        choices=TASKS,
    )
    source: str = fields.task(
        "files",
        "where the data of named tasks comes from: files below raw_data_dir, "
        "or TensorFlow Datasets, from which chunk is missing",
        choices=("files", "tfds"),
        runtime=True,
    )
    tfds_data_dir: str | None = fields.task(
        None,
        "folder of the sets of TensorFlow Datasets; its own default without",
        runtime=True,
    )
    double_unordered: bool = fields.task(
        True, "train pairs in both orders where the order means nothing"
    )
    released_tagging: bool = fields.task(
        False,
        "keep the released code's mistakes in tagging: sentences cut early, "
        "labels shifted by a word [CLS] or [SEP], the loss reported twice",
    )
    train_file: str | None = fields.own_data(
        None,
        "training data: .tsv, .csv or .jsonl with named columns; for tagging "
        "also lines `word ... tag`; for qa SQuAD's .json or MRQA's .jsonl",
    )
    dev_file: str | None = fields.own_data(None, "development data")
    test_file: str | None = fields.own_data(None, "test data; needs no labels")
    text_column: str | None = fields.own_data(
        None, "column of the (first) text; of the list of words for tagging"
    )
    text_pair_column: str | None = fields.own_data(
        None, "column of the second text"
    )
    label_column: str | None = fields.own_data(
        None, "column of the label, number, list of labels or list of tags"
    )
    label_separator: str = fields.own_data(
        ",", "what stands between the labels of multilabel, if no JSON list"
    )
    tfds_name: str | None = fields.own_data(
        None, "set of TensorFlow Datasets to read instead of files"
    )
    tfds_train_split: str = fields.own_data("train", "its training split")
    tfds_dev_split: str = fields.own_data("validation", "its development split")
    tfds_test_split: str = fields.own_data("test", "its test split")

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
        5, "number of trials that write test predictions", at_least=0
    )
    iterations_per_loop: int = fields.run(
        fields.or_debug(1000, 1), "updates between summaries", at_least=1
    )
    save_checkpoints_steps: int = fields.run(
        1_000_000, "updates between checkpoints", at_least=1
    )

    learning_rate: float = fields.optimization(
        fields.by_size(1e-4, large=5e-5), "peak learning rate", at_least=0
    )
    weight_decay_rate: float = fields.optimization(
        0.01, "decoupled weight decay; the paper has 0", at_least=0
    )
    layerwise_lr_decay: float = fields.optimization(
        fields.by_size(0.8, large=0.9),
        "factor between the learning rates of a layer and the one above; 0 "
        "gives all layers the same",
        at_least=0,
        at_most=1,
    )
    layerwise_decay_top_exponent: int = fields.optimization(
        2,
        "power of layerwise_lr_decay at the top layer; layer d of n (the "
        "embeddings are 0) has power n + this - d. The released code has 2; 0 "
        "gives the top layer the full rate",
        at_least=0,
    )
    num_train_epochs: float = fields.optimization(
        Derived(
            _default_epochs,
            "3; 10 for rte and sts, 2 for question answering",
        ),
        "passes over the training data",
        more_than=0,
    )
    warmup_proportion: float = fields.optimization(
        0.1, "fraction of the updates that warm up", at_least=0, at_most=1
    )

    max_seq_length: int = fields.batch(
        Derived(
            lambda c: _row(c).max_seq_length,
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
            lambda c: (
                "fixed"
                if c.jit_compile or c.distribution_strategy == "tpu"
                else "by_length"
            ),
            "by_length; fixed on TPU and with jit_compile",
        ),
        "by_length takes examples of like length together and pads to the "
        "longest, shuffled takes any and pads to the longest, fixed takes any "
        "and pads to max_seq_length, as the original",
        choices=BATCHINGS,
    )

    max_query_length: int = fields.qa(
        64, "word pieces of a question", at_least=1
    )
    doc_stride: int = fields.qa(128, "step between windows", at_least=1)
    n_best_size: int = fields.qa(20, "answers to keep a question", at_least=1)
    max_answer_length: int = fields.qa(
        30, "word pieces of an answer", at_least=1
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

    raw_data_dir: str = fields.path_field(
        fields.path("{c.data_dir}/finetuning_data/{{:}}"), "raw data of a task"
    )
    vocab_file: str = fields.path_field(
        fields.path("{c.data_dir}/vocab.txt"), "word pieces, one a line"
    )
    init_checkpoint: str = fields.path_field(
        fields.path("{c.pretrained_dir}"),
        "weights to start from; whatever electra_tf.conversion reads: a run, "
        "a model folder, a TensorFlow 1 checkpoint, a Hugging Face folder",
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
    def joined_tasks(self) -> str:
        """The task names, as they appear in file names."""
        return ",".join(self.task_names)

    @property
    def qa_dir(self) -> str:
        """Folder of the question answering results."""
        return f"{self.pretrained_dir}/results/{self.joined_tasks}_qa"

    def check(self):
        """Raise a ValueError if fields contradict each other."""
        super().check()
        if self.distribution_strategy == "multi_worker_mirrored":
            raise UserError(
                "Fine-tuning runs on one machine: distribution_strategy must "
                "not be 'multi_worker_mirrored'. Use 'mirrored'."
            )
        if len(set(self.task_names)) < len(self.task_names):
            raise UserError(
                f"task_names must not repeat. Received: {self.task_names!r}."
            )
        self._check_batching()
        if self.task not in (None, *self.task_names):
            raise UserError(
                "task and task_names say different things. Received: task "
                f"{self.task!r}, task_names {self.joined_tasks!r}."
            )
        own_data.check(self)

    def _check_batching(self):
        needs = "jit_compile" if self.jit_compile else "TPU"
        fixed = self.jit_compile or self.distribution_strategy == "tpu"
        if fixed and self.batching != "fixed":
            raise UserError(
                f"{needs} needs batching 'fixed', which has one shape only. "
                f"Received: {self.batching!r}."
            )
