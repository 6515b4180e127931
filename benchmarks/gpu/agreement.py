"""How far a step's loss and gradient on the GPU are from those on the CPU.

In float32, without TF32; for machines that lack the TensorFlow which
`tests/fidelity` needs.
"""

import json
import math

from benchmarks import random_tokens, timed_steps
from benchmarks.gpu.cells import TINY_CELLS
from benchmarks.gpu.jax_step import loss_and_gradient
from electra_tf import command_line
from electra_tf.pretraining.pretrainer import Pretrainer


def main():
    """Print relative differences, as JSON."""
    command_line.parser("benchmarks.gpu.agreement", __doc__).parse_args()
    import jax
    import numpy as np

    jax.config.update("jax_default_matmul_precision", "highest")
    (cell,) = TINY_CELLS.values()
    args = timed_steps.sizes().parse_args(cell.options())
    config = timed_steps.config(args).replace(precision="float32")
    model = Pretrainer(config, random_tokens.special())
    weights = {k: np.asarray(v.value) for k, v in model.variables.items()}
    step = jax.jit(
        lambda weights, batch: loss_and_gradient(model, weights, batch, 0)
    )
    found, given = [], (weights, random_tokens.batch(config))
    for device in (jax.devices("cpu")[0], jax.devices()[0]):
        loss, gradient = step(*jax.device_put(given, device))
        found.append((float(loss), jax.tree.map(np.asarray, gradient)))
    (loss, gradient), (other_loss, other) = found
    difference = {path: gradient[path] - other[path] for path in gradient}
    print(
        json.dumps(
            {
                "devices": ["cpu", jax.devices()[0].device_kind],
                "loss": abs(loss - other_loss) / abs(loss),
                "gradient": _norm(difference) / _norm(gradient),
            }
        )
    )


def _norm(arrays: dict) -> float:
    return math.sqrt(sum(float((a**2).sum()) for a in arrays.values()))


if __name__ == "__main__":
    main()
