"""Accelerators and their published rates: data for the model of a step."""

import typing

from electra_tf.efficiency.run_costs import PEAK_RATES


class Accelerator(typing.NamedTuple):
    """One device, as its maker describes it.

    Attributes:
        peak: FLOP/s of its fastest dense matrix products by precision, see
            `PEAK_RATES`.
        memory: bytes/s of its main memory.
        network: bytes/s that it can send to its neighbours in a machine or
            pod: half of the published rate where that adds both directions.
    """

    peak: dict[str, float]
    memory: float
    network: float


# Of the same datasheets as `PEAK_RATES`. A TPU is a chip; of v3 and v4 each
# has two cores, so that "v3-8" is 4 of them. Their network rate is the
# all-reduce bandwidth of a pod by chip (v3: 340 TB/s for 1024), or the
# interconnect's, halved.
_MEMORY_AND_NETWORK = {
    "v100": (900e9, 150e9),
    "a100": (1555e9, 300e9),
    "h100": (3350e9, 450e9),
    "h200": (4800e9, 450e9),
    "tpu_v3": (900e9, 166e9),
    "tpu_v4": (1200e9, 150e9),
    "tpu_v5e": (819e9, 100e9),
    "tpu_v5p": (2765e9, 600e9),
}
ACCELERATORS = {
    name: Accelerator(PEAK_RATES[name], *rates)
    for name, rates in _MEMORY_AND_NETWORK.items()
}
NUMBER_BYTES = {"float32": 4, "16 bit": 2}  # Of an activation.
