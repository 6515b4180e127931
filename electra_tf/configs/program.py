"""What the configs of pre-training and fine-tuning have in common."""

import dataclasses
from collections.abc import Mapping

from electra_tf.configs import fields
from electra_tf.configs.encoder import (
    MODEL_SIZES,
    EncoderConfig,
    widths,
)
from electra_tf.configs.hparams import Config, Derived, check_names, hparam
from electra_tf.errors import UserError

STRATEGIES = ("off", "one_device", "mirrored", "multi_worker_mirrored", "tpu")
EMBEDDING_LOOKUPS = ("gather", "one_hot")
PRECISIONS = ("float32", "bfloat16", "float16")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ProgramConfig(Config):
    """What pre-training and fine-tuning have in common."""

    data_dir: str = fields.path_field(help_text="folder of data and models")
    model_name: str = fields.path_field(
        help_text="name of the model, that of its folder below data_dir/models"
    )
    debug: bool = fields.run(False, "tiny run to try the program")
    seed: int = hparam(42, "seed of every random draw", group="run", at_least=0)
    profile_steps: str | None = fields.run(
        None,
        "a-b traces the updates after the first a, up to b, for TensorBoard's "
        "profiler, into summaries/profile of the run's folder",
    )
    stall_warning_seconds: float = fields.run(
        0.0,
        "warn when no loop of updates has ended for so long; 0 waits five "
        "times the longest loop, two minutes at least",
        at_least=0,
    )

    model_size: str = fields.model(
        "small", "named size of the encoder", choices=tuple(MODEL_SIZES)
    )
    model_hparam_overrides: Mapping = fields.model(
        {}, 'encoder settings that differ from the size\'s: {"hidden_size": 96}'
    )
    embedding_size: int | None = fields.model(
        Derived(
            lambda c: 128 if c.model_size == "small" else None,
            "128 for small, else the hidden size",
        ),
        "width of the embeddings",
        at_least=1,
    )
    vocab_size: int = fields.model(30522, "number of word pieces", at_least=1)
    do_lower_case: bool = fields.model(
        True, "whether text is lower-cased and stripped of accents"
    )
    hidden_dropout_prob: float = fields.model(
        0.1, "dropout of layer outputs", at_least=0, less_than=1
    )
    attention_probs_dropout_prob: float = fields.model(
        0.1, "dropout of attention probabilities", at_least=0, less_than=1
    )

    decay_after_warmup: bool = fields.optimization(
        False,
        "whether the learning rate decays from its peak, as in the paper; in "
        "the released code it decays from step 0 and warm-up multiplies it",
    )

    use_tpu: bool = fields.machine(False, "run on TPU")
    distribution_strategy: str = fields.machine(
        Derived(
            lambda c: "tpu" if c.use_tpu else "one_device",
            "one_device; tpu with use_tpu",
        ),
        "how the work is spread over devices",
        choices=STRATEGIES,
    )
    logical_cpus: int = fields.machine(
        0,
        "split the CPU into this many logical devices, to try mirrored on a "
        "machine without GPUs",
        at_least=0,
    )
    embedding_lookup: str = fields.machine(
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
    jit_compile: bool = fields.machine(
        False, "compile the training step by XLA; pays on GPUs"
    )
    precision: str = fields.machine(
        "float32",
        "number format of the matrix products; weights, softmax, LayerNorm, "
        "losses and the optimizer stay in float32. float16 scales the loss",
        choices=PRECISIONS,
    )
    accumulation_steps: int = fields.machine(
        1,
        "parts that a batch is cut into when it does not fit into memory; the "
        "update is that of the whole batch",
        at_least=1,
    )
    num_tpu_cores: int = fields.machine(
        1, "number of TPU cores; where given, it must be the TPU's", at_least=1
    )
    tpu_job_name: str | None = fields.machine(
        None, "name of the TPU worker job"
    )
    tpu_name: str | None = fields.machine(
        None, "name or address of the TPU; local on a TPU VM"
    )
    tpu_zone: str | None = fields.machine(None, "zone of the TPU")
    gcp_project: str | None = fields.machine(None, "Cloud project of the TPU")

    optimizer: str = fields.optimization(
        "adamw",
        "adamw is the original's; lamb is for large batches",
        choices=("adamw", "lamb"),
    )
    adam_bias_correction: bool = fields.optimization(
        False,
        "divide Adam's moments by 1 - beta^step, as its paper does; without, "
        "the first updates are up to six times as long",
    )
    max_skipped_updates: int = fields.optimization(
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
            raise UserError(
                "max_seq_length must be at most max_position_embeddings "
                f"({longest}). Received: {self.max_seq_length}. Shorten the "
                "inputs or raise max_position_embeddings in "
                "model_hparam_overrides."
            )

    def _check_strategy(self):
        if self.use_tpu and self.distribution_strategy != "tpu":
            raise UserError(
                "use_tpu needs distribution_strategy 'tpu'. Received: "
                f"{self.distribution_strategy!r}."
            )
        if self.logical_cpus and self.distribution_strategy != "mirrored":
            raise UserError(
                "logical_cpus needs distribution_strategy 'mirrored'. "
                f"Received: {self.distribution_strategy!r}."
            )

    def _check_accumulation(self):
        if self.train_batch_size % self.accumulation_steps:
            raise UserError(
                "train_batch_size must be a multiple of accumulation_steps. "
                f"Received: {self.train_batch_size} and "
                f"{self.accumulation_steps}."
            )

    def _check_paths(self):
        """TensorFlow reads and writes buckets; other files need a mount."""
        for name in ("vocab_file", "model_dir"):
            path = getattr(self, name)
            if "://" in path:
                raise UserError(
                    f"{name} must be on a file system. Received: {path!r}. "
                    "Mount the bucket (see docs/tpu.md) and give the folder; "
                    "only the records may be in a bucket."
                )

    def _check_overrides(self):
        overrides = self.model_hparam_overrides
        check_names(EncoderConfig, overrides, "model_hparam_overrides key")
        if "embedding_size" in overrides:
            raise UserError(
                "embedding_size is a setting of its own, not a key of "
                f"model_hparam_overrides. Received: {overrides!r}."
            )


def steps_to_profile(config: ProgramConfig) -> tuple[int, int] | None:
    """Return the update counts between which a run is traced.

    >>> from electra_tf.configs import PretrainingConfig
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
    raise UserError(
        "profile_steps must be two numbers of updates, the smaller first, as "
        f"in 100-110. Received: {text!r}."
    )


def encoder_config(config: ProgramConfig) -> EncoderConfig:
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
        **widths(hidden_size),
    }
    return EncoderConfig(**{**settings, **overrides})
