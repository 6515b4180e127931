"""The settings of pre-training and fine-tuning, and the model sizes.

Names and defaults are those of the original implementation. Where it leaves a
value to the model size, the task or debug mode, so do we; a value that is
given always wins. One name differs: results are saved as JSON, not by pickle,
so the original's `results_pkl` is `results_json` here.

This module does not import TensorFlow.

>>> config = PretrainingConfig(data_dir="data", model_name="electra_small")
>>> config.max_predictions_per_seq, config.vocab_file
(19, 'data/vocab.txt')
>>> encoder_config(config).hidden_size, generator_config(config).hidden_size
(256, 64)
"""

import dataclasses
import functools
import math
import os
from collections.abc import Mapping
from typing import Any

from electra_tf.hparams import (
    Config,
    Derived,
    check_names,
    check_same,
    from_json,
    hparam,
    to_json,
)

__all__ = [
    "MODEL_SIZES",
    "TASK_NAMES",
    "Config",
    "Derived",
    "EncoderConfig",
    "FinetuningConfig",
    "ModelSize",
    "PretrainingConfig",
    "check_same",
    "encoder_config",
    "from_json",
    "generator_config",
    "hparam",
    "steps_to_profile",
    "to_json",
]

HEAD_SIZE = 64  # Width of an attention head in every released model.
INTERMEDIATE_RATIO = 4  # Feed-forward width in units of the hidden size.
# Added to mask_prob before rounding down; part of the original's rule.
MASK_PROB_ROUNDING = 0.005

STRATEGIES = ("off", "one_device", "mirrored", "multi_worker_mirrored", "tpu")
EMBEDDING_LOOKUPS = ("gather", "one_hot")
PRECISIONS = ("float32", "bfloat16", "float16")
ACTIVATIONS = ("gelu", "gelu_new", "relu", "tanh", "linear")
CLASSIFICATION = "classification"  # The task of a user's own TSV files.
TASK_NAMES = (
    "cola",
    "mnli",
    "mrpc",
    "qnli",
    "qqp",
    "rte",
    "sst",
    "sts",
    "squad",
    "squadv1",
    "newsqa",
    "naturalqs",
    "triviaqa",
    "searchqa",
    "chunk",
    CLASSIFICATION,
)


@dataclasses.dataclass(frozen=True)
class ModelSize:
    """Depth and width of a named model size (ELECTRA paper, Table 6)."""

    num_hidden_layers: int
    hidden_size: int


MODEL_SIZES = {
    "small": ModelSize(num_hidden_layers=12, hidden_size=256),
    "base": ModelSize(num_hidden_layers=12, hidden_size=768),
    "large": ModelSize(num_hidden_layers=24, hidden_size=1024),
}


def num_heads(hidden_size: int) -> int:
    """Return the number of attention heads that a hidden size implies."""
    return max(1, hidden_size // HEAD_SIZE)


@dataclasses.dataclass(frozen=True)
class EncoderConfig(Config):
    """The shape of a transformer encoder, in BERT's terms.

    `embedding_size` None stands for the hidden size.

    >>> EncoderConfig(100, 64, 2, 2, 256).head_size
    32
    """

    vocab_size: int = hparam(help_text="word pieces", at_least=1)
    hidden_size: int = hparam(help_text="width of a layer", at_least=1)
    num_hidden_layers: int = hparam(help_text="layers", at_least=1)
    num_attention_heads: int = hparam(help_text="heads", at_least=1)
    intermediate_size: int = hparam(
        help_text="width inside the feed-forward network", at_least=1
    )
    embedding_size: int = hparam(
        Derived(lambda c: c.hidden_size, "the hidden size"),
        "width of the embeddings",
        at_least=1,
    )
    hidden_act: str = hparam("gelu", "activation", choices=ACTIVATIONS)
    hidden_dropout_prob: float = hparam(
        0.1, "dropout of layer outputs", at_least=0, less_than=1
    )
    attention_probs_dropout_prob: float = hparam(
        0.1, "dropout of attention probabilities", at_least=0, less_than=1
    )
    max_position_embeddings: int = hparam(512, "longest input", at_least=1)
    type_vocab_size: int = hparam(2, "kinds of segments", at_least=1)
    initializer_range: float = hparam(
        0.02, "standard deviation of initial weights", at_least=0
    )

    def check(self):
        """Raise a ValueError if the heads do not share the hidden size."""
        if self.hidden_size % self.num_attention_heads:
            raise ValueError(
                "hidden_size must be divisible by num_attention_heads. "
                f"Received: hidden_size {self.hidden_size}, "
                f"num_attention_heads {self.num_attention_heads}."
            )

    @property
    def head_size(self) -> int:
        """Width of one attention head."""
        return self.hidden_size // self.num_attention_heads


def _by_size(default: Any, **others: Any) -> Derived:
    """Return a default that some model sizes replace."""
    exceptions = ", ".join(f"{value} for {s}" for s, value in others.items())
    return Derived(
        lambda c: others.get(c.model_size, default), f"{default}; {exceptions}"
    )


def _or_debug(default: Any, debug: Any) -> Derived:
    """Return a default that debug mode replaces."""
    return Derived(
        lambda c: debug if c.debug else default, f"{default}; {debug} in debug"
    )


def _path(template: str) -> Derived:
    """Return a path made of other fields: "{c.data_dir}/vocab.txt", say."""
    text = template.replace("{c.", "{").replace("{{:}}", "{:}")
    return Derived(lambda c: template.format(c=c), text)


_run = functools.partial(hparam, group="run", runtime=True)
_path_field = functools.partial(hparam, group="files", runtime=True)
_model = functools.partial(hparam, group="model")
_objective = functools.partial(hparam, group="objective")
_generator = functools.partial(hparam, group="generator")
_task = functools.partial(hparam, group="tasks")
_own_data = functools.partial(hparam, group="your own data", runtime=True)
_qa = functools.partial(hparam, group="question answering")
_machine = functools.partial(hparam, group="machines", runtime=True)
_optimization = functools.partial(hparam, group="optimization")
_batch = functools.partial(hparam, group="batches")


@dataclasses.dataclass(frozen=True, kw_only=True)
class _ProgramConfig(Config):
    """What pre-training and fine-tuning have in common."""

    data_dir: str = _path_field(help_text="folder of data and models")
    model_name: str = _path_field(
        help_text="name of the model, that of its folder below data_dir/models"
    )
    debug: bool = _run(False, "tiny run to try the program")
    seed: int = hparam(42, "seed of every random draw", group="run", at_least=0)
    profile_steps: str | None = _run(
        None,
        "a-b traces the updates after the first a, up to b, for TensorBoard's "
        "profiler, into summaries/profile of the run's folder",
    )
    stall_warning_seconds: float = _run(
        0.0,
        "warn when no loop of updates has ended for so long; 0 waits five "
        "times the longest loop, two minutes at least",
        at_least=0,
    )

    model_size: str = _model(
        "small", "named size of the encoder", choices=tuple(MODEL_SIZES)
    )
    model_hparam_overrides: Mapping = _model(
        {}, 'encoder settings that differ from the size\'s: {"hidden_size": 96}'
    )
    embedding_size: int | None = _model(
        Derived(
            lambda c: 128 if c.model_size == "small" else None,
            "128 for small, else the hidden size",
        ),
        "width of the embeddings",
        at_least=1,
    )
    vocab_size: int = _model(30522, "number of word pieces", at_least=1)
    do_lower_case: bool = _model(
        True, "whether text is lower-cased and stripped of accents"
    )
    hidden_dropout_prob: float = _model(
        0.1, "dropout of layer outputs", at_least=0, less_than=1
    )
    attention_probs_dropout_prob: float = _model(
        0.1, "dropout of attention probabilities", at_least=0, less_than=1
    )

    decay_after_warmup: bool = _optimization(
        False,
        "whether the learning rate decays from its peak, as in the paper; in "
        "the released code it decays from step 0 and warm-up multiplies it",
    )

    use_tpu: bool = _machine(False, "run on TPU")
    distribution_strategy: str = _machine(
        Derived(
            lambda c: "tpu" if c.use_tpu else "one_device",
            "one_device; tpu with use_tpu",
        ),
        "how the work is spread over devices",
        choices=STRATEGIES,
    )
    logical_cpus: int = _machine(
        0,
        "split the CPU into this many logical devices, to try mirrored on a "
        "machine without GPUs",
        at_least=0,
    )
    embedding_lookup: str = _machine(
        Derived(
            lambda c: (
                "one_hot" if c.distribution_strategy == "tpu" else "gather"
            ),
            "gather; one_hot on TPU",
        ),
        "how word embeddings are looked up: one_hot multiplies by a one-hot "
        "matrix, which TPUs do faster; the results are the same",
        choices=EMBEDDING_LOOKUPS,
    )
    jit_compile: bool = _machine(
        False, "compile the training step by XLA; pays on GPUs"
    )
    precision: str = _machine(
        "float32",
        "number format of the matrix products; weights, softmax, LayerNorm, "
        "losses and the optimizer stay in float32. float16 scales the loss",
        choices=PRECISIONS,
    )
    accumulation_steps: int = _machine(
        1,
        "parts that a batch is cut into when it does not fit into memory; the "
        "update is that of the whole batch",
        at_least=1,
    )
    num_tpu_cores: int = _machine(
        1, "number of TPU cores; where given, it must be the TPU's", at_least=1
    )
    tpu_job_name: str | None = _machine(None, "name of the TPU worker job")
    tpu_name: str | None = _machine(
        None, "name or address of the TPU; local on a TPU VM"
    )
    tpu_zone: str | None = _machine(None, "zone of the TPU")
    gcp_project: str | None = _machine(None, "Cloud project of the TPU")

    optimizer: str = _optimization(
        "adamw",
        "adamw is the original's; lamb is for large batches",
        choices=("adamw", "lamb"),
    )
    adam_bias_correction: bool = _optimization(
        False,
        "divide Adam's moments by 1 - beta^step, as its paper does; without, "
        "the first updates are up to six times as long",
    )
    max_skipped_updates: int = _optimization(
        20,
        "updates in a row whose loss or gradient is not finite, and which are "
        "therefore skipped, that end the run; 1 stops at the first, as the "
        "original does",
        at_least=1,
    )

    def check(self):
        """Raise a ValueError if fields contradict each other."""
        self._check_strategy()
        self._check_accumulation()
        self._check_overrides()
        self._check_paths()
        steps_to_profile(self)
        longest = encoder_config(self).max_position_embeddings
        if self.max_seq_length > longest:
            raise ValueError(
                "max_seq_length must be at most max_position_embeddings "
                f"({longest}). Received: {self.max_seq_length}. Shorten the "
                "inputs or raise max_position_embeddings in "
                "model_hparam_overrides."
            )

    def _check_strategy(self):
        if self.use_tpu and self.distribution_strategy != "tpu":
            raise ValueError(
                "use_tpu needs distribution_strategy 'tpu'. Received: "
                f"{self.distribution_strategy!r}."
            )
        if self.logical_cpus and self.distribution_strategy != "mirrored":
            raise ValueError(
                "logical_cpus needs distribution_strategy 'mirrored'. "
                f"Received: {self.distribution_strategy!r}."
            )

    def _check_accumulation(self):
        if self.train_batch_size % self.accumulation_steps:
            raise ValueError(
                "train_batch_size must be a multiple of accumulation_steps. "
                f"Received: {self.train_batch_size} and "
                f"{self.accumulation_steps}."
            )

    def _check_paths(self):
        """TensorFlow reads and writes buckets; other files need a mount."""
        for name in ("vocab_file", "model_dir"):
            path = getattr(self, name)
            if "://" in path:
                raise ValueError(
                    f"{name} must be on a file system. Received: {path!r}. "
                    "Mount the bucket (see docs/tpu.md) and give the folder; "
                    "only the records may be in a bucket."
                )

    def _check_overrides(self):
        overrides = self.model_hparam_overrides
        check_names(EncoderConfig, overrides, "model_hparam_overrides key")
        if "embedding_size" in overrides:
            raise ValueError(
                "embedding_size is a setting of its own, not a key of "
                f"model_hparam_overrides. Received: {overrides!r}."
            )


@dataclasses.dataclass(frozen=True, kw_only=True)
class PretrainingConfig(_ProgramConfig):
    """Settings of pre-training; defaults train ELECTRA-Small.

    Paths default to places below `data_dir`: records in
    `pretrain_tfrecords/`, the vocabulary in `vocab.txt`, all that the run
    writes in `models/<model_name>/`.

    Exit status: 0 done; 75 stopped by SIGTERM or Ctrl-C with a checkpoint
    saved; 74 no room on the disk; 2 a mistake in the command line; 1 any
    other error. The same command goes on from the newest checkpoint.
    """

    do_train: bool = _run(True, "whether to train")
    do_eval: bool = _run(False, "whether to evaluate")
    eval_every_n_steps: int = _run(
        0,
        "updates between evaluations while training; 0 evaluates only at the "
        "end, with do_eval",
        at_least=0,
    )

    electra_objective: bool = _objective(
        True, "replaced token detection; false trains BERT's objective"
    )
    electric_objective: bool = _objective(
        False, "noise-contrastive energies of the Electric paper"
    )
    gen_weight: float = _objective(
        1.0, "weight of the generator's loss", at_least=0
    )
    disc_weight: float = _objective(
        50.0, "weight of the discriminator's loss", at_least=0
    )
    mask_prob: float = _objective(
        0.15, "fraction of tokens to mask", more_than=0, less_than=1
    )
    mask_token_share: float = _objective(
        0.85,
        "share of the chosen tokens that become [MASK], the others stay; the "
        "paper has 1",
        at_least=0,
        at_most=1,
    )
    distinct_positions: bool = _objective(
        False,
        "whether no position is chosen twice and their number is rounded up, "
        "as in the paper; the released code draws with replacement",
    )
    mask_unit: str = _objective(
        "token",
        "what is chosen to be predicted: single tokens, or whole words, never "
        "twice; their share is mask_prob on average",
        choices=("token", "word"),
    )
    sampling: str = _objective(
        "gumbel",
        "how tokens are drawn from the generator: gumbel draws a number a "
        "word piece, as the original; inverse_cdf one a position, for the "
        "same distribution",
        choices=("gumbel", "inverse_cdf"),
    )
    temperature: float = _objective(
        1.0, "softmax temperature of the sampling", more_than=0
    )
    disallow_correct: bool = _objective(
        False, "never sample the original token"
    )

    uniform_generator: bool = _generator(
        False, "replacements drawn uniformly, without a network"
    )
    two_tower_generator: bool = _generator(
        Derived(
            lambda c: c.electric_objective,
            "false; true with electric_objective",
        ),
        "a left-to-right and a right-to-left transformer",
    )
    untied_generator: bool = _generator(
        True, "false lets generator and discriminator share all weights"
    )
    untied_generator_embeddings: bool = _generator(
        False, "whether the generator has its own embeddings"
    )
    generator_layers: float = _generator(
        1.0, "depth as a fraction of the discriminator's", more_than=0
    )
    generator_hidden_size: float = _generator(
        0.25, "width as a fraction of the discriminator's", more_than=0
    )

    learning_rate: float = _optimization(5e-4, "peak learning rate", at_least=0)
    lr_decay_power: float = _optimization(
        1.0, "power of the decay; 1 is linear", at_least=0
    )
    weight_decay_rate: float = _optimization(
        0.01, "decoupled weight decay", at_least=0
    )
    num_warmup_steps: int = _optimization(10000, "warm-up updates", at_least=0)
    num_train_steps: int = _optimization(
        _or_debug(1_000_000, 20), "updates in all", runtime=True, at_least=1
    )

    max_seq_length: int = _batch(128, "tokens of an input", at_least=3)
    train_batch_size: int = _batch(
        _or_debug(128, 8), "examples of an update, over all devices", at_least=1
    )
    eval_batch_size: int = _batch(
        _or_debug(128, 4), "examples of a step", runtime=True, at_least=1
    )
    num_eval_steps: int = _batch(
        _or_debug(100, 2), "batches to evaluate", runtime=True, at_least=1
    )
    shuffle_buffer_size: int = _batch(
        10000, "examples held in memory to shuffle from", at_least=1
    )

    iterations_per_loop: int = _run(
        _or_debug(200, 1), "updates between summaries", at_least=1
    )
    save_checkpoints_steps: int = _run(
        1000, "updates between checkpoints", at_least=1
    )
    keep_checkpoint_max: int = _run(
        5, "number of recent checkpoints to keep; 0 keeps all", at_least=0
    )

    pretrain_tfrecords: str = _path_field(
        _path("{c.data_dir}/pretrain_tfrecords/pretrain_data.tfrecord*"),
        "pattern of the training records",
    )
    eval_tfrecords: str | None = _path_field(
        None,
        "pattern of the evaluation records; null takes those held out beside "
        "the training ones, or else the training ones",
    )
    vocab_file: str = _path_field(
        _path("{c.data_dir}/vocab.txt"), "word pieces, one a line"
    )
    model_dir: str = _path_field(
        _path("{c.data_dir}/models/{c.model_name}"), "folder of the run"
    )
    init_checkpoint: str | None = _path_field(
        None,
        "weights to start from instead of random ones, with a new optimizer "
        "and schedule; whatever electra_tf.conversion reads: a run, a model "
        "folder, a TensorFlow 1 checkpoint, a Hugging Face folder",
    )
    init_generator: str | None = _path_field(
        None, "likewise the generator, where init_checkpoint has none"
    )
    allow_new_parts: bool = _run(
        False,
        "let what init_checkpoint lacks, a generator say, start from random "
        "weights",
    )
    results_txt: str = _path_field(
        _path("{c.model_dir}/results/unsup_results.txt"), "results for people"
    )
    results_json: str = _path_field(
        _path("{c.model_dir}/results/unsup_results.json"),
        "results for programs (results_pkl in the original)",
    )

    def check(self):
        """Raise a ValueError if fields contradict each other."""
        super().check()
        self._check_towers()
        if self.has_small_generator:
            generator_config(self)
        if self.init_generator and not self.init_checkpoint:
            raise ValueError(
                "init_generator needs init_checkpoint, the discriminator's. "
                f"Received: init_generator {self.init_generator!r} alone."
            )
        if self.max_predictions_per_seq < 1:
            raise ValueError(
                "mask_prob times max_seq_length leaves nothing to mask. "
                f"Received: mask_prob {self.mask_prob}, "
                f"max_seq_length {self.max_seq_length}."
            )

    def _check_towers(self):
        if self.electric_objective and not self.two_tower_generator:
            raise ValueError(
                "electric_objective needs two_tower_generator. Received: False."
            )
        if not self.two_tower_generator:
            return
        if self.uniform_generator or not self.untied_generator:
            raise ValueError(
                "two_tower_generator needs its own networks. Received: "
                f"uniform_generator {self.uniform_generator}, "
                f"untied_generator {self.untied_generator}."
            )
        if not (self.electra_objective or self.electric_objective):
            raise ValueError(
                "two_tower_generator needs electra_objective or "
                "electric_objective. Received: neither."
            )

    @property
    def has_small_generator(self) -> bool:
        """Whether the generator is a network of its own size."""
        detects = self.electra_objective or self.electric_objective
        own = self.untied_generator and not self.uniform_generator
        return detects and own

    @property
    def masks_words(self) -> bool:
        """Whether whole words are chosen to be predicted."""
        return self.mask_unit == "word"

    @property
    def max_predictions_per_seq(self) -> int:
        """Masked positions an input has room for."""
        if self.distinct_positions or self.masks_words:
            return math.ceil(self.mask_prob * self.max_seq_length)
        fraction = self.mask_prob + MASK_PROB_ROUNDING
        return int(fraction * self.max_seq_length)

    @property
    def held_out_tfrecords(self) -> str:
        """Pattern of the records held out beside the training ones."""
        folder = os.path.dirname(self.pretrain_tfrecords)
        return os.path.join(folder, "held_out_data.tfrecord*")


# Fine-tuning defaults that depend on the task hold for a single task only.
DEFAULT_EPOCHS = 3.0
DEFAULT_LENGTH = 128


def _is_question_answering(task_name: str) -> bool:
    """Return whether a task gets the defaults of question answering.

    As in the original the name decides, so `naturalqs` does not.
    """
    return "squad" in task_name or "qa" in task_name


def _single_task(config: "FinetuningConfig") -> str:
    """Return the name of the only task, or "" if there are several."""
    return config.task_names[0] if len(config.task_names) == 1 else ""


def _default_epochs(config: "FinetuningConfig") -> float:
    task_name = _single_task(config)
    if config.debug:
        return DEFAULT_EPOCHS
    if task_name in ("rte", "sts"):
        return 10.0
    return 2.0 if _is_question_answering(task_name) else DEFAULT_EPOCHS


def _default_length(config: "FinetuningConfig") -> int:
    task_name = _single_task(config)
    if _is_question_answering(task_name):
        return 512
    return 256 if task_name == "chunk" else DEFAULT_LENGTH


@dataclasses.dataclass(frozen=True, kw_only=True)
class FinetuningConfig(_ProgramConfig):
    """Settings of fine-tuning; defaults follow the tasks and the model size.

    Raw data is read from `finetuning_data/<task>/` below `data_dir`, the
    checkpoint from `models/<model_name>/`, and all that the run writes lies
    below the latter, `pretrained_dir` for short. The braces `{:}` in paths are
    filled in later: by the task, and in `test_predictions` by task, split and
    trial.
    """

    task_names: tuple[str, ...] = _task(
        ("chunk",), "tasks to learn, together if several", choices=TASK_NAMES
    )
    double_unordered: bool = _task(
        True, "train pairs in both orders where the order means nothing"
    )
    released_tagging: bool = _task(
        False,
        "keep the released code's mistakes in tagging: sentences cut early, "
        "labels shifted by a word [CLS] or [SEP], the loss reported twice",
    )
    train_file: str | None = _own_data(
        None, f"training TSV of the task {CLASSIFICATION}"
    )
    dev_file: str | None = _own_data(None, "its development TSV")
    test_file: str | None = _own_data(None, "its test TSV")
    text_column: str | None = _own_data(None, "its column of the (first) text")
    text_pair_column: str | None = _own_data(
        None, "its column of the second text"
    )
    label_column: str | None = _own_data(None, "its column of the label")

    do_train: bool = _run(True, "whether to train")
    do_eval: bool = _run(True, "whether to evaluate on the development set")
    num_trials: int = _run(1, "runs with different seeds; -1 never stops")
    keep_all_models: bool = _run(
        True, "whether to keep the weights of every trial, not of the last only"
    )
    from_scratch: bool = _model(
        False, "start from random weights, as a baseline; no checkpoint is read"
    )
    log_examples: bool = _run(
        Derived(lambda c: c.debug, "false; true in debug"),
        "whether to log some examples",
    )
    use_tfrecords_if_existing: bool = _run(
        Derived(lambda c: not c.debug, "true; false in debug"),
        "without effect; features are made anew in seconds, so they can never "
        "be those of other settings",
    )
    write_test_outputs: bool = _run(
        False, "whether to write predictions for the test set"
    )
    write_distill_outputs: bool = _run(
        False, "without effect; kept for command lines of the original"
    )
    n_writes_test: int = _run(
        5, "number of trials that write test predictions", at_least=0
    )
    iterations_per_loop: int = _run(
        _or_debug(1000, 1), "updates between summaries", at_least=1
    )
    save_checkpoints_steps: int = _run(
        1_000_000, "updates between checkpoints", at_least=1
    )

    learning_rate: float = _optimization(
        _by_size(1e-4, large=5e-5), "peak learning rate", at_least=0
    )
    weight_decay_rate: float = _optimization(
        0.01, "decoupled weight decay; the paper has 0", at_least=0
    )
    layerwise_lr_decay: float = _optimization(
        _by_size(0.8, large=0.9),
        "factor between the learning rates of a layer and the one above; 0 "
        "gives all layers the same",
        at_least=0,
        at_most=1,
    )
    layerwise_decay_top_exponent: int = _optimization(
        2,
        "power of layerwise_lr_decay at the top layer; layer d of n (the "
        "embeddings are 0) has power n + this - d. The released code has 2; 0 "
        "gives the top layer the full rate",
        at_least=0,
    )
    num_train_epochs: float = _optimization(
        Derived(
            _default_epochs,
            "3; 10 for rte and sts, 2 for question answering",
        ),
        "passes over the training data",
        more_than=0,
    )
    warmup_proportion: float = _optimization(
        0.1, "fraction of the updates that warm up", at_least=0, at_most=1
    )

    max_seq_length: int = _batch(
        Derived(
            _default_length, "128; 256 for chunk, 512 for question answering"
        ),
        "tokens of an input",
        at_least=3,
    )
    train_batch_size: int = _batch(
        32, "examples of an update, over all devices", at_least=1
    )
    eval_batch_size: int = _batch(
        32, "examples of an evaluation step", runtime=True, at_least=1
    )
    predict_batch_size: int = _batch(
        32, "examples of a prediction step", runtime=True, at_least=1
    )

    max_query_length: int = _qa(64, "word pieces of a question", at_least=1)
    doc_stride: int = _qa(128, "step between windows", at_least=1)
    n_best_size: int = _qa(20, "answers to keep a question", at_least=1)
    max_answer_length: int = _qa(30, "word pieces of an answer", at_least=1)
    answerable_classifier: bool = _qa(
        True, "whether to predict if a question has an answer"
    )
    answerable_uses_start_logits: bool = _qa(
        True, "whether that prediction sees the likely start"
    )
    answerable_weight: float = _qa(
        0.5, "weight of the loss of that prediction", at_least=0
    )
    joint_prediction: bool = _qa(
        True, "whether the end of an answer is predicted given its start"
    )
    beam_size: int = _qa(20, "starts to consider", at_least=1)
    qa_na_threshold: float = _qa(
        -2.75, "null odds above which a test question counts as unanswerable"
    )

    raw_data_dir: str = _path_field(
        _path("{c.data_dir}/finetuning_data/{{:}}"), "raw data of a task"
    )
    vocab_file: str = _path_field(
        _path("{c.data_dir}/vocab.txt"), "word pieces, one a line"
    )
    init_checkpoint: str = _path_field(
        _path("{c.pretrained_dir}"),
        "weights to start from; whatever electra_tf.conversion reads: a run, "
        "a model folder, a TensorFlow 1 checkpoint, a Hugging Face folder",
    )
    model_dir: str = _path_field(
        _path("{c.pretrained_dir}/finetuning_models/{c.joined_tasks}_model"),
        "folder of the run",
    )
    results_txt: str = _path_field(
        _path("{c.pretrained_dir}/results/{c.joined_tasks}_results.txt"),
        "results for people",
    )
    results_json: str = _path_field(
        _path("{c.pretrained_dir}/results/{c.joined_tasks}_results.json"),
        "results for programs (results_pkl in the original)",
    )
    qa_eval_file: str = _path_field(
        _path("{c.qa_dir}/{{:}}_eval.json"), "scores of a task"
    )
    qa_preds_file: str = _path_field(
        _path("{c.qa_dir}/{{:}}_preds.json"), "answers of a task"
    )
    qa_na_file: str = _path_field(
        _path("{c.qa_dir}/{{:}}_null_odds.json"), "null odds of a task"
    )
    preprocessed_data_dir: str = _path_field(
        _path(
            "{c.pretrained_dir}/finetuning_tfrecords/{c.joined_tasks}_tfrecords"
        ),
        "without effect, like use_tfrecords_if_existing",
    )
    test_predictions: str = _path_field(
        _path(
            "{c.pretrained_dir}/test_predictions/{{:}}_{{:}}_{{:}}"
            "_predictions.json"
        ),
        "predictions for a test set (a pickle in the original); for GLUE its "
        "site's .tsv is written beside it",
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
            raise ValueError(
                "Fine-tuning runs on one machine: distribution_strategy must "
                "not be 'multi_worker_mirrored'. Use 'mirrored'."
            )
        if len(set(self.task_names)) < len(self.task_names):
            raise ValueError(
                f"task_names must not repeat. Received: {self.task_names!r}."
            )
        self._check_own_files()

    def _check_own_files(self):
        if CLASSIFICATION in self.task_names:
            self._check_own_files_given()
            return
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.metadata["group"] == "your own data" and value is not None:
                raise ValueError(
                    f"{field.name} belongs to the task {CLASSIFICATION!r}. "
                    f"Received: {field.name} {value!r} with task_names "
                    f"{self.joined_tasks!r}."
                )

    def _check_own_files_given(self):
        needed = {
            "train_file": "its labels",
            "text_column": "the text",
            "label_column": "the labels",
            "dev_file": "do_eval" if self.do_eval else None,
            "test_file": "write_test_outputs"
            if self.write_test_outputs
            else None,
        }
        missing = [
            f"{name} (for {purpose})"
            for name, purpose in needed.items()
            if purpose and getattr(self, name) is None
        ]
        if missing:
            raise ValueError(
                f"The task {CLASSIFICATION!r} needs {', '.join(missing)}."
            )


def steps_to_profile(config: _ProgramConfig) -> tuple[int, int] | None:
    """Return the update counts between which a run is traced.

    >>> run = PretrainingConfig(
    ...     data_dir="data", model_name="small", profile_steps="100-110"
    ... )
    >>> steps_to_profile(run)
    (100, 110)

    Raises:
      ValueError: if `profile_steps` is not two growing numbers.
    """
    text = config.profile_steps
    if text is None:
        return None
    first, _, last = text.partition("-")
    if first.isdecimal() and last.isdecimal() and int(first) < int(last):
        return int(first), int(last)
    raise ValueError(
        "profile_steps must be two numbers of updates, the smaller first, as "
        f"in 100-110. Received: {text!r}."
    )


def encoder_config(config: _ProgramConfig) -> EncoderConfig:
    """Return the shape of the main encoder (the discriminator).

    Heads and feed-forward width follow the hidden size after
    `model_hparam_overrides`, unless the overrides name them too.
    """
    size = MODEL_SIZES[config.model_size]
    overrides = config.model_hparam_overrides
    hidden_size = overrides.get("hidden_size", size.hidden_size)
    settings = {
        "vocab_size": config.vocab_size,
        "num_hidden_layers": size.num_hidden_layers,
        "embedding_size": config.embedding_size,
        "hidden_dropout_prob": config.hidden_dropout_prob,
        "attention_probs_dropout_prob": config.attention_probs_dropout_prob,
        **_widths(hidden_size),
    }
    return EncoderConfig(**{**settings, **overrides})


def generator_config(config: PretrainingConfig) -> EncoderConfig:
    """Return the shape of a generator that is a network of its own.

    Sizes are rounded half to even. Overrides of heads and feed-forward width
    do not carry over from the main encoder; all others do.

    Raises:
      ValueError: if the fractions give a shape that cannot be built.
    """
    encoder = encoder_config(config)
    hidden_size = round(encoder.hidden_size * config.generator_hidden_size)
    layers = round(encoder.num_hidden_layers * config.generator_layers)
    untied = config.untied_generator_embeddings
    try:
        return encoder.replace(
            num_hidden_layers=layers,
            embedding_size=hidden_size if untied else encoder.embedding_size,
            **_widths(hidden_size),
        )
    except ValueError as error:
        raise ValueError(
            f"generator_hidden_size {config.generator_hidden_size} and "
            f"generator_layers {config.generator_layers} give no valid "
            f"generator: {error}"
        ) from error


def _widths(hidden_size: int) -> dict[str, int]:
    """Return the hidden size and the widths that follow from it."""
    return {
        "hidden_size": hidden_size,
        "num_attention_heads": num_heads(hidden_size),
        "intermediate_size": INTERMEDIATE_RATIO * hidden_size,
    }
