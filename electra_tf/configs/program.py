"""Settings of any run, and all that pre-training and fine-tuning share."""

import dataclasses

from electra_tf.configs import fields
from electra_tf.configs.encoder import ModelSettings
from electra_tf.configs.hparams import Config, hparam
from electra_tf.configs.machine import MachineSettings
from electra_tf.configs.optimization import OptimizerSettings
from electra_tf.errors import UserError

SEEDS = 2**32  # Keras takes seeds of 32 bits.


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
        "long, so that a supervisor starts it again; 0 never does",
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


# A dataclass takes the fields of its last base first: read bases backwards
# for the order of the help page, and of defaults that follow from others.
@dataclasses.dataclass(frozen=True, kw_only=True)
class ProgramConfig(
    MachineSettings, OptimizerSettings, ModelSettings, RunSettings
):
    """The settings that pre-training and fine-tuning have in common."""
