"""Accelerators and their published peak rates: data for `scale`."""

import typing


class Accelerator(typing.NamedTuple):
    """One device, as its maker describes it.

    Attributes:
        peak: dict from precision ("float32", "16 bit") to the FLOP/s of its
            fastest dense matrix products. float32 means what TensorFlow makes
            of float32 products by default: TF32 from A100 on, bfloat16 inputs
            on TPUs.
        memory: bytes/s of its main memory.
        network: bytes/s that it can send to its neighbours in a machine or
            pod: half of the published rate where that adds both directions.
        source: where the figures come from.
    """

    peak: dict[str, float]
    memory: float
    network: float
    source: str


_GOOGLE = "cloud.google.com/tpu/docs/"


def _tpu(peak: float, memory: float, network: float, version: str):
    rates = {"float32": peak, "16 bit": peak}
    return Accelerator(rates, memory, network, _GOOGLE + version)


# A TPU is a chip; of v3 and v4 each has two cores, so that "v3-8" is 4 of them.
# Their network rate is the all-reduce bandwidth of a pod by chip (v3: 340 TB/s
# for 1024), or the interconnect's, halved.
ACCELERATORS = {
    "v100": Accelerator(
        {"float32": 15.7e12, "16 bit": 125e12},
        900e9,
        150e9,
        "NVIDIA V100 datasheet (SXM2)",
    ),
    "a100": Accelerator(
        {"float32": 156e12, "16 bit": 312e12},
        1555e9,
        300e9,
        "NVIDIA A100 datasheet (SXM, 40 GB)",
    ),
    "h100": Accelerator(
        {"float32": 494.7e12, "16 bit": 989.4e12},
        3350e9,
        450e9,
        "NVIDIA H100 datasheet (SXM)",
    ),
    "h200": Accelerator(
        {"float32": 494.7e12, "16 bit": 989.4e12},
        4800e9,
        450e9,
        "NVIDIA H200 datasheet (SXM)",
    ),
    "tpu_v3": _tpu(123e12, 900e9, 166e9, "v3"),
    "tpu_v4": _tpu(275e12, 1200e9, 150e9, "v4"),
    "tpu_v5e": _tpu(197e12, 819e9, 100e9, "v5e"),
    "tpu_v5p": _tpu(459e12, 2765e9, 600e9, "v5p"),
}
PRECISIONS = {"float32": 4, "16 bit": 2}  # Bytes of an activation.
