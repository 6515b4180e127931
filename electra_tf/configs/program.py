"""Settings of any run, its devices, and all that both programs share."""

import dataclasses

from electra_tf.configs import fields
from electra_tf.configs.encoder import ModelSettings
from electra_tf.configs.hparams import Config, Derived, hparam
from electra_tf.configs.optimization import OptimizerSettings
from electra_tf.errors import UserError

SEEDS = 2**32  # Keras takes seeds of 32 bits.
# Rows of `electra_tf.training.distribution.STRATEGIES` and
# `electra_tf.layers.embeddings.LOOKUPS`.
STRATEGIES = ("off", "one_device", "mirrored", "multi_worker_mirrored", "tpu")
EMBEDDING_LOOKUPS = ("gather", "one_hot")
# Those strategies whose replicas add up gradients by collective operations.
COLLECTIVE_STRATEGIES = ("mirrored", "multi_worker_mirrored")
COMMUNICATIONS = ("auto", "ring", "nccl")
PRECISIONS = ("float32", "bfloat16", "float16")


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunSettings(Config):
    """Where a run's data is, its seed, and what it reports."""

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
    stall_timeout_seconds: float = fields.run(
        0.0,
        "end the run, with status 69, when no loop of updates has ended for so "
        "long, or another process of its job has not come, so that a "
        "supervisor starts it again; 0 never does, but half an hour for those",
        at_least=0,
    )
    accept_changed_inputs: bool = fields.run(
        False,
        "go on with another vocabulary, other records or other examples than "
        "the run was begun with",
    )

    def check(self):
        """Raise a `UserError` if `seed` or `profile_steps` cannot be used."""
        super().check()
        if self.seed >= SEEDS:
            raise UserError(
                f"seed must be less than 2**32 ({SEEDS}). Received: "
                f"{self.seed}."
            )
        self.steps_to_profile  # noqa: B018

    @property
    def steps_to_profile(self) -> tuple[int, int] | None:
        """The update counts between which a run is traced: (100, 110), say.

        Raises:
          UserError: if `profile_steps` is not two growing numbers.
        """
        text = self.profile_steps
        if text is None:
            return None
        first, _, last = text.partition("-")
        if first.isdecimal() and last.isdecimal() and int(first) < int(last):
            return int(first), int(last)
        raise UserError(
            "profile_steps must be two numbers of updates, the smaller first, "
            f"as in 100-110. Received: {text!r}."
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class MachineSettings(Config):
    """Devices, how the work is spread over them, and number formats."""

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
    collective_communication: str = fields.machine(
        "auto",
        "how replicas exchange gradients: nccl among GPUs, ring among any "
        "devices; auto takes nccl for GPUs",
        choices=COMMUNICATIONS,
    )
    collective_bytes_per_pack: int = fields.machine(
        0,
        "bytes of gradients that replicas exchange at a time, so that the "
        "first ones are added up while others are made; 0 takes all at once",
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
    jit_compile: bool | None = fields.machine(
        None,
        "compile the updates by XLA, on every replica: true, false or auto, "
        "which pre-training takes for true on GPUs, and on CPUs where a small "
        "network trains for long, and fine-tuning for false; TPUs compile "
        "always",
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
    recompute: bool = fields.machine(
        False,
        "compute each layer again in the backward pass instead of keeping "
        "what it made: a third more time, and memory for one layer; the "
        "updates are the same",
    )
    scan_layers: bool = fields.machine(
        False,
        "compile one layer and run it in a loop, with jit_compile: compiling "
        "takes a fraction of the time, the updates are the same",
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

    def check(self):
        """Raise a `UserError` if the devices contradict the strategy."""
        super().check()
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
        for name, value in self.collective_options.items():
            if self.distribution_strategy not in COLLECTIVE_STRATEGIES:
                raise UserError(
                    f"{name} needs a distribution_strategy whose replicas "
                    f"exchange gradients: {', '.join(COLLECTIVE_STRATEGIES)}. "
                    f"Received: {value!r} with {self.distribution_strategy!r}."
                )
        if self.distribution_strategy == "tpu" and self.jit_compile is False:
            raise UserError(
                "jit_compile must be true or auto on a TPU, which runs nothing "
                "that is not compiled. Received: false."
            )
        if self.scan_layers and not self.must_compile:
            raise UserError(
                "scan_layers needs jit_compile=true or a TPU: what is not "
                "compiled gains nothing by it. Received: jit_compile="
                f"{self.jit_compile}."
            )
        if self.train_batch_size % self.accumulation_steps:
            raise UserError(
                "train_batch_size must be a multiple of accumulation_steps. "
                f"Received: {self.train_batch_size} and "
                f"{self.accumulation_steps}."
            )

    @property
    def must_compile(self) -> bool:
        """Whether XLA compiles the updates wherever they run."""
        return bool(self.jit_compile) or self.distribution_strategy == "tpu"

    @property
    def collective_options(self) -> dict[str, str | int]:
        """How replicas exchange gradients, where it is not the default."""
        options = {
            "collective_communication": self.collective_communication,
            "collective_bytes_per_pack": self.collective_bytes_per_pack,
        }
        return {k: v for k, v in options.items() if v not in ("auto", 0)}


# A dataclass takes the fields of its last base first: read bases backwards
# for the order of the help page, and of defaults that follow from others.
@dataclasses.dataclass(frozen=True, kw_only=True)
class ProgramConfig(
    MachineSettings, OptimizerSettings, ModelSettings, RunSettings
):
    """The settings that pre-training and fine-tuning have in common."""
