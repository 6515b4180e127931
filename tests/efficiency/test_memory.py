"""The estimate of a step's memory, by traced graphs and by hand."""

import json
import math
import os
import re
import subprocess
import sys

import pytest
import tensorflow as tf

from electra_tf.configs import FinetuningConfig, PretrainingConfig
from electra_tf.efficiency.finetuning_flops import heads_of
from electra_tf.efficiency.memory import finetuning_memory, training_memory
from electra_tf.pretraining.masking import Batch
from tests import tiny
from tests.efficiency import graph_products
from tests.efficiency.test_executed_flops import model_and_losses

BATCH, LENGTH = 2, 24


def masked_lm(layers: int) -> PretrainingConfig:
    return tiny.pretraining(
        layers,
        objective="mlm",
        max_seq_length=LENGTH,
        train_batch_size=BATCH,
    )


def test_a_layer_keeps_what_its_gradient_reads():
    kept = []
    for layers in (1, 2):
        config = masked_lm(layers)
        ids = tf.TensorSpec((BATCH, LENGTH), tf.int32)
        _, update = graph_products.trace(
            *model_and_losses(config), Batch(ids, ids, ids)
        )
        kept.append(graph_products.kept_bytes(update.graph))
    estimates = [training_memory(masked_lm(n)).activations for n in (1, 2)]
    assert kept[1] - kept[0] == estimates[1] - estimates[0]


def test_phases():
    config = PretrainingConfig(data_dir="D", model_name="M")
    memory = training_memory(config)
    always = memory.weights + memory.adam + memory.program
    assert memory.peak == always + memory.activations + memory.logits
    few = training_memory(config.replace(train_batch_size=1))
    assert few.peak == always + few.gradients + few.update
    parts = training_memory(config.replace(accumulation_steps=4))
    assert parts.activations == memory.activations / 4
    assert (memory.sums, parts.sums) == (0, parts.weights)


def test_recomputed_layers_keep_their_inputs():
    """A third layer adds what comes into it, of each token."""
    two, three = (
        training_memory(masked_lm(layers).replace(recompute=True))
        for layers in (2, 3)
    )
    hidden = 4 * 8 * BATCH * LENGTH
    assert three.activations - two.activations == hidden
    assert three.activations < training_memory(masked_lm(3)).activations


def test_fine_tuning_keeps_the_encoder():
    config = FinetuningConfig(data_dir="D", model_name="M", task_names=("sst",))
    memory = finetuning_memory(config, heads_of(config))
    alone = training_memory(
        PretrainingConfig(
            data_dir="D",
            model_name="M",
            objective="mlm",
            train_batch_size=config.train_batch_size,
        )
    )
    assert memory.activations == alone.activations
    assert memory.logits == 0


# Peaks of updates in MB, by benchmarks/training_memory.py on two cores.
MEASURED = [
    ({"train_batch_size": 16}, 1835),
    ({"train_batch_size": 32}, 2482),
    ({"train_batch_size": 64}, 3897),
    ({"train_batch_size": 32, "max_seq_length": 256}, 4518),
    ({"train_batch_size": 32, "generator_hidden_size": 1.0}, 3669),
    ({"train_batch_size": 32, "objective": "mlm"}, 2124),
    (
        {
            "train_batch_size": 8,
            "model_size": "base",
            "generator_hidden_size": 1 / 3,
        },
        5367,
    ),
    ({"train_batch_size": 8, "max_seq_length": 512}, 3604),
    ({"train_batch_size": 8, "max_seq_length": 512, "recompute": True}, 2424),
]


@pytest.mark.parametrize(("settings", "megabytes"), MEASURED)
def test_memory_is_near_what_was_measured(settings, megabytes):
    config = PretrainingConfig(data_dir="D", model_name="M", **settings)
    estimate = training_memory(config).peak / 1e6
    assert math.isclose(estimate, megabytes, rel_tol=0.15)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_is_near_a_peak_measured_now():
    """Of Small; a batch of 24 is in no table and chose no constant."""
    settings = {"train_batch_size": 24}
    printed = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.training_memory"),
            f"--settings={json.dumps(settings)}",
        ],
        env={**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    measured = float(re.search(r"peak of updates\s+(\d+) MB", printed)[1])
    config = PretrainingConfig(data_dir="D", model_name="M", **settings)
    estimate = training_memory(config).peak / 1e6
    assert math.isclose(estimate, measured, rel_tol=0.15)
