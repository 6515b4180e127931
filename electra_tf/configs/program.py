"""The settings that pre-training and fine-tuning have in common."""

import dataclasses

from electra_tf.configs.encoder import ModelSettings
from electra_tf.configs.machine import MachineSettings
from electra_tf.configs.optimization import OptimizerSettings
from electra_tf.configs.run import RunSettings
from electra_tf.errors import UserError


# A dataclass takes the fields of its last base first: read bases backwards
# for the order of the help page, and of defaults that follow from others.
@dataclasses.dataclass(frozen=True, kw_only=True)
class ProgramConfig(
    MachineSettings, OptimizerSettings, ModelSettings, RunSettings
):
    """What pre-training and fine-tuning have in common."""

    def check(self):
        """Raise a `UserError` for paths where only records can be."""
        super().check()
        for name in ("vocab_file", "model_dir"):
            path = getattr(self, name)
            if "://" in path:
                raise UserError(
                    f"{name} must be on a file system. Received: {path!r}. "
                    "Mount the bucket (see docs/tpu.md) and give the folder; "
                    "only the records may be in a bucket."
                )
