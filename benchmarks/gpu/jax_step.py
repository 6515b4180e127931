"""ELECTRA's training step by this project's networks on JAX.

Masks, samples, dropout, and the update of `run_pretraining`: AdamW of the
clipped gradient. Metrics are left out, as the peer has none.
"""

import os

os.environ["KERAS_BACKEND"] = "jax"
# Else the peak is all of the card.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

from benchmarks import random_tokens, timed_steps

with timed_steps.libraries_of("benchmarks.gpu"):
    import jax
    from jax import numpy as jnp

from electra_tf.pretraining.masking import Batch
from electra_tf.pretraining.pretrainer import Pretrainer
from electra_tf.randomness import RandomStream

# As `electra_tf.training.optimizer`, which needs TensorFlow, has them.
NOT_DECAYED = ("LayerNorm", "layer_norm", "bias")
CLIP_NORM = 1.0


def loss_and_gradient(model: Pretrainer, weights: dict, batch, step) -> tuple:
    """Return the loss of a step, and its gradient by path."""

    def loss(weights):
        return model.loss(weights, batch, RandomStream(0, step))

    return jax.value_and_grad(loss)(weights)


def updated(config, path: str, weight, slots: tuple, gradient) -> tuple:
    """Return a weight and its two slots after an update by AdamW."""
    beta_1, beta_2 = config.adam_beta_1, config.adam_beta_2
    first = beta_1 * slots[0] + (1 - beta_1) * gradient
    second = beta_2 * slots[1] + (1 - beta_2) * gradient**2
    direction = first / (jnp.sqrt(second) + config.adam_epsilon)
    if not any(name in path for name in NOT_DECAYED):
        direction += config.weight_decay_rate * weight
    return weight - config.learning_rate * direction, (first, second)


class Step:
    """One update after the other on the same tokens."""

    def __init__(self, config):
        self.config = config
        self.model = Pretrainer(config, random_tokens.special())
        self.batch = jax.device_put(random_tokens.batch(config))
        weights = {k: v.value for k, v in self.model.variables.items()}
        slots = {
            path: (jnp.zeros_like(weight), jnp.zeros_like(weight))
            for path, weight in weights.items()
        }
        self.state = (weights, slots, jnp.int32(0))
        self._update = jax.jit(self.update, donate_argnums=0)

    def update(self, state: tuple, batch: Batch) -> tuple:
        """Return weights, slots and step after a step."""
        weights, slots, step = state
        _, gradient = loss_and_gradient(self.model, weights, batch, step)
        squares = [jnp.sum(slope**2) for slope in gradient.values()]
        norm = jnp.sqrt(sum(squares))
        factor = CLIP_NORM / jnp.maximum(norm, CLIP_NORM)
        new_weights, new_slots = {}, {}
        for path, weight in weights.items():
            new_weights[path], new_slots[path] = updated(
                self.config, path, weight, slots[path], gradient[path] * factor
            )
        return new_weights, new_slots, step + 1

    def run(self, steps: int):
        """Make steps, and wait for the last."""
        for _ in range(steps):
            self.state = self._update(self.state, self.batch)
        jax.block_until_ready(self.state)


def peak() -> float:
    """Return the most bytes that were in use on the device."""
    found = jax.devices()[0].memory_stats() or {}
    return found.get("peak_bytes_in_use") or timed_steps.peak_of_process()


def main():
    """Serve steps."""
    parser = timed_steps.sizes("benchmarks.gpu.jax_step", __doc__)
    config = timed_steps.config(parser.parse_args())
    timed_steps.serve(Step(config).run, peak)


if __name__ == "__main__":
    main()
