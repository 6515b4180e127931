"""The costs of a run of some config: rows of figures for people and programs.

Every row has a figure's name, its value, unit, and what it assumes.
"""

import typing
from collections.abc import Iterator

from electra_tf.configs import (
    FinetuningConfig,
    PretrainingConfig,
    encoder_config,
)
from electra_tf.efficiency import (
    executed_flops,
    finetuning_flops,
    flops,
    memory,
)
from electra_tf.efficiency.networks import parameters

SECONDS_PER_HOUR = 3600
# FLOP/s of the fastest dense matrix products of a device, by NVIDIA's
# datasheets (V100 SXM2, A100 SXM of 40 GB, H100 SXM, H200 SXM) and
# cloud.google.com/tpu/docs; a TPU is a chip. float32 means what TensorFlow
# makes of float32 products by default: TF32 from A100 on, bfloat16 inputs on
# TPUs.
PEAK_RATES = {
    "v100": {"float32": 15.7e12, "16 bit": 125e12},
    "a100": {"float32": 156e12, "16 bit": 312e12},
    "h100": {"float32": 494.7e12, "16 bit": 989.4e12},
    "h200": {"float32": 494.7e12, "16 bit": 989.4e12},
    "tpu_v3": {"float32": 123e12, "16 bit": 123e12},
    "tpu_v4": {"float32": 275e12, "16 bit": 275e12},
    "tpu_v5e": {"float32": 197e12, "16 bit": 197e12},
    "tpu_v5p": {"float32": 459e12, "16 bit": 459e12},
}
PRECISIONS = ("float32", "16 bit")


class Assumptions(typing.NamedTuple):
    """Assumptions by which time, energy and money are estimated."""

    accelerators: tuple[str, ...]  # Keys of `PEAK_RATES`.
    count: int  # Devices.
    precision: str  # One of `PRECISIONS`.
    utilisation: float  # Share of the peak rate.
    watts: float | None  # Mean power of a device, or None for no energy.
    overhead: float  # Of a data centre, by what its devices take.
    price: float | None  # Of a device and hour, or None for no cost.


def pretraining_rows(
    config: PretrainingConfig, examples: int | None, assumed: Assumptions
) -> list[dict]:
    """Return the figures of a run, and of an epoch of so many `examples`."""
    update = executed_flops.update_flops(config)
    total = update * config.num_train_steps
    rows = [
        _row("weights", parameters(config)),
        _row("paper's count, a step", flops.flops_per_step(config), "FLOP"),
        _row("paper's count, the run", flops.pretraining_flops(config), "FLOP"),
        _inference_row(config),
        *_update_rows(config, update, examples),
        _row("executed, the run", total, "FLOP"),
    ]
    rows += _memory_rows(memory.training_memory(config))
    return [*rows, *_time_rows(total, assumed)]


def finetuning_rows(
    config: FinetuningConfig, examples: int | None, assumed: Assumptions
) -> list[dict]:
    """Return the figures of fine-tuning; those of a trial need `examples`."""
    heads = finetuning_flops.heads_of(config)
    length = config.max_seq_length
    inputs_each = finetuning_flops.inputs_of(config)
    update = finetuning_flops.update_flops(config, heads, length, inputs_each)
    used = finetuning_flops.input_work(config, heads, length, config.beam_size)
    number = finetuning_flops.finetuning_parameters(config, heads)
    rows = [
        _row("weights", number, "", f"with heads of {config.joined_tasks}"),
        _inference_row(config),
        _row("executed, prediction of an input", used.forward, "FLOP"),
        *_update_rows(config, update, examples),
    ]
    rows += _memory_rows(memory.finetuning_memory(config, heads))
    if not examples:
        return rows
    batches = -(-examples // config.train_batch_size)
    steps = int(batches * config.num_train_epochs)
    remark = f"{steps:,} steps, {config.num_train_epochs:g} epochs"
    rows.append(_row("executed, a trial", steps * update, "FLOP", remark))
    return [*rows, *_time_rows(steps * update, assumed)]


def _inference_row(config) -> dict:
    length = config.max_seq_length
    sizes = flops.transformer_sizes(encoder_config(config), length)
    count = flops.inference_flops(sizes)
    remark = f"{length} tokens, main network"
    return _row("paper's count, inference", count, "FLOP", remark)


def _update_rows(config, update: int, examples: int | None) -> list[dict]:
    batch, length = config.train_batch_size, config.max_seq_length
    shape = f"{batch} inputs of {length} tokens"
    rows = [
        _row("executed, a step", update, "FLOP", shape),
        _row("executed, a token", update / batch / length, "FLOP"),
    ]
    if examples:
        steps = examples / batch
        remark = f"{steps:,.0f} steps of {examples:,} examples"
        rows.append(_row("executed, an epoch", steps * update, "FLOP", remark))
    return rows


def _memory_rows(needed: memory.Memory) -> list[dict]:
    rows = [
        _row(f"memory: {name}", size, "B")
        for name, size in needed._asdict().items()
    ]
    remark = "estimate: one device, float32, by measurements on a CPU"
    return [*rows, _row("memory, peak", needed.peak, "B", remark)]


def _time_rows(total: float, assumed: Assumptions) -> Iterator[dict]:
    """Yield time, energy and price on each accelerator."""
    share = f"{assumed.utilisation:.0%} of the {assumed.precision} peak"
    for name in assumed.accelerators:
        peak = PEAK_RATES[name][assumed.precision]
        hours = total / (peak * assumed.utilisation) / SECONDS_PER_HOUR
        of = f"{assumed.count} x {name}"
        yield _row(f"time, {of}", hours / assumed.count, "h", share)
        if assumed.watts:
            energy = hours * assumed.watts * assumed.overhead / 1000
            power = f"{assumed.watts:g} W a device, x {assumed.overhead:g}"
            yield _row(f"energy, {of}", energy, "kWh", power)
        if assumed.price:
            price = f"{assumed.price:g} a device and hour"
            yield _row(f"cost, {of}", hours * assumed.price, "", price)


def _row(name: str, value: float, unit: str = "", remark: str = "") -> dict:
    value = float(value)
    return {"figure": name, "value": value, "unit": unit, "remark": remark}
