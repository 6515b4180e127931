"""Steps of pre-training on JAX, for `test_jax`: needs no TensorFlow.

    python -m tests.pretraining.jax_step FOLDER

reads FOLDER/<variant>.npz, the weights, and writes loss and gradients to
FOLDER/<variant>.step.npz; draws to draws.npz, an encoder's output to
encoded.npy. What it imports within functions the tests lack.
"""

import pathlib
import sys

import numpy as np

import electra_tf
from electra_tf.randomness import RandomStream
from tests import tiny
from tests.pretraining.variants import VARIANTS

COMPARED = ("rtd", "electric", "adversarial, all at once", "disentangled")
STEP = 7
SHAPES = [(3,), (4, 33, 7), (8, 1000)]
IDS = np.array([[2, 5, 7, 3], [2, 9, 3, 0]])


def stream(step) -> RandomStream:
    return RandomStream(seed=3, step=step, first_example=5)


def draws(step) -> dict:
    random = stream(step)
    found = {}
    for shape in SHAPES:
        found[f"uniform {shape}"] = random.uniform(shape, "x")
        found[f"keep {shape}"] = random.keep_mask(shape, "x", 0.25)
    return found


def losses_and_gradients(name: str, weights: dict) -> tuple:
    model = tiny.pretrainer(tiny.pretraining(**VARIANTS[name]))

    def loss(weights, step):
        return model.loss(weights, tiny.batch(), stream(step))

    import jax

    return jax.jit(jax.value_and_grad(loss))(weights, STEP)


def main(folder: pathlib.Path):
    import jax

    for name in COMPARED:
        with np.load(folder / f"{name}.npz") as weights:
            loss, gradients = losses_and_gradients(name, dict(weights))
        np.savez(folder / f"{name}.step.npz", loss=loss, **gradients)
    np.savez(folder / "draws.npz", **jax.jit(draws)(STEP))
    encoder = electra_tf.load_encoder(str(folder / "model_folder"))
    encoded = encoder(IDS, input_mask=IDS > 0).sequence_output
    np.save(folder / "encoded.npy", encoded)
    assert "tensorflow" not in sys.modules


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
