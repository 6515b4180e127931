"""What an exported model computes, beside the model."""

import numpy as np

from electra_tf.errors import UserError
from electra_tf.finetuning.serving.network import Served, needs_positions
from electra_tf.finetuning.tuned_model import TunedModel, TunedTask

SEED = 0  # Of the inputs that both get.
BATCHES = (1, 3)
# Of the places of a beam, those with lower scores are float noise.
LIKELY = -500.0


def differences(exported, tuned: TunedModel, task: TunedTask) -> dict:
    """Return the largest difference of each output, over two batches.

    It is relative to numbers above 1, absolute below.

    Args:
        exported: function like `Served`, from arrays to arrays by name.
        tuned: `TunedModel`.
        task: `TunedTask`.

    Raises:
        ValueError: when the exported model has other outputs.
    """
    served = Served(tuned, task)
    found: dict[str, float] = {}
    for number, batch_size in enumerate(BATCHES):
        inputs = random_inputs(tuned, task, batch_size, number)
        expected = {k: v.numpy() for k, v in served(**inputs).items()}
        received = exported(**inputs)
        if received.keys() != expected.keys():
            raise UserError(
                f"Expected the outputs {', '.join(sorted(expected))}. "
                f"Received: {', '.join(sorted(received))}."
            )
        for name in expected:
            distance = _distance(name, expected, received)
            found[name] = max(found.get(name, 0.0), distance)
    return found


def _distance(name: str, expected: dict, received: dict) -> float:
    values = expected[name].astype(np.float64)
    distance = np.abs(received[name] - values)
    if name.endswith("_top_index"):
        scores = expected[name.replace("_index", "_log_probs")]
        return float(np.max(distance[scores > LIKELY], initial=0.0))
    return float(np.max(distance / np.maximum(np.abs(values), 1.0)))


def random_inputs(
    tuned: TunedModel, task: TunedTask, batch_size: int, number: int
) -> dict[str, np.ndarray]:
    """Return a batch of random tokens; the last row is half as long."""
    draw = np.random.default_rng((SEED, number)).integers
    length = max(tuned.settings.max_seq_length // (1 + number), 3)
    shape = (batch_size, length)
    ids = draw(tuned.encoder.vocab_size, size=shape, dtype=np.int32)
    mask = np.ones_like(ids)
    mask[-1, length - length // 2 :] = 0
    segments = np.zeros_like(ids)
    segments[:, length // 3 :] = 1
    inputs = {
        "input_ids": ids * mask,
        "input_mask": mask,
        "segment_ids": segments * mask,
    }
    if needs_positions(task):
        words = np.arange(1, length - length // 2, dtype=np.int32)
        inputs["positions"] = np.tile(words, (batch_size, 1))
    return inputs
