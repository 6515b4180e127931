"""Whether a chosen config fits the memory and the disk of this machine."""

import contextlib
import os
from collections.abc import Iterator

from electra_tf.configs import FinetuningConfig, PretrainingConfig
from electra_tf.doctor import FAILED, OK, Row, decided, machine
from electra_tf.efficiency.config_files import REQUIRED
from electra_tf.efficiency.finetuning_flops import (
    finetuning_parameters,
    heads_of,
)
from electra_tf.efficiency.memory import finetuning_memory, training_memory
from electra_tf.efficiency.networks import parameters
from electra_tf.errors import UserError
from electra_tf.io import files
from electra_tf.training import cluster

_BYTES_OF_A_WEIGHT = 3 * 4  # With Adam's two slots, in a checkpoint.


def rows(
    config: PretrainingConfig | FinetuningConfig, gpus: list[machine.Gpu]
) -> Iterator[Row]:
    """Give the parameters, and whether a step and its checkpoints fit."""
    of_device = _share(config, len(gpus))
    if isinstance(config, PretrainingConfig):
        number, needed = parameters(config), training_memory(of_device).peak
        saved = -(-config.num_train_steps // config.save_checkpoints_steps)
        kept = (config.keep_checkpoint_max or saved) + 1
        what = "pre-training"
    else:
        heads = heads_of(config)
        number = finetuning_parameters(config, heads)
        needed, kept = finetuning_memory(of_device, heads).peak, 2
        what = f"fine-tuning for {config.joined_tasks}"
    size = f"{config.model_size}, batches of {config.train_batch_size} x "
    found = f"{size}{config.max_seq_length}, {number / 1e6:.1f}M parameters"
    yield Row(OK, what, found)
    where, available = "this machine's memory", machine.memory_available()
    if gpus:
        where, available = "the smallest GPU", min(gpu.free for gpu in gpus)
    yield decided(
        needed <= available,
        "memory of a step",
        f"about {needed / machine.GB:.1f} GB of {available / machine.GB:.1f} "
        f"GB in {where}",
        "raise --accumulation_steps, give --recompute, or lower "
        "--train_batch_size or --max_seq_length",
    )
    yield from _job_rows(config)
    if config.data_dir != REQUIRED["data_dir"]:
        yield from _data_rows(config, kept * number * _BYTES_OF_A_WEIGHT)


def _share(config, gpus: int):
    """Return the config with the part of the batch that one device has."""
    parts, strategy = config.accumulation_steps, config.distribution_strategy
    devices = max(gpus, 1) if "mirrored" in strategy else 1
    if strategy == cluster.STRATEGY:
        with contextlib.suppress(UserError):  # A row of its own tells.
            here = cluster.place()
            devices *= here.processes if here else 1
    batch = max(config.train_batch_size // devices // parts, 1) * parts
    return config.replace(train_batch_size=batch)


def _job_rows(config) -> Iterator[Row]:
    """Hold the variable of jobs against the config, as the programs do."""
    values = vars(config).items()
    sizes = {name: v for name, v in values if name.endswith("_batch_size")}
    try:
        cluster.check(config.distribution_strategy, **sizes)
    except UserError as error:
        yield Row(FAILED, "processes of a job", str(error))


def _data_rows(config, size: float) -> Iterator[Row]:
    folder = config.data_dir
    if files.is_remote(folder):
        return
    if not os.path.isdir(folder):
        advice = "expected the folder that holds vocab.txt"
        yield Row(FAILED, "data_dir", f"{folder} is no folder", advice)
        return
    yield machine.folder_row("room for checkpoints", folder, size)
    yield decided(
        os.path.exists(config.vocab_file),
        "vocabulary",
        config.vocab_file,
        "it is not there: python -m data_prep.build_vocab makes one",
    )
