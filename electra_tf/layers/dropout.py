"""Dropout whose mask is a function of (seed, step, replica, name)."""

import keras
import numpy as np
from keras import ops

from electra_tf.layers.configured_layer import ConfiguredLayer
from electra_tf.randomness import RandomStream, dropout_rate

_STATE = "seed_generator_state"


class Dropout(ConfiguredLayer):
    """Zeroes a share of its inputs and scales the others up.

    With a stream it draws, unlike `keras.layers.Dropout`, another mask on every
    replica, and the same one again when a step is repeated (see
    `electra_tf.randomness`). In Keras' own training, without a stream, it
    draws by a seed generator, whose state is saved with the weights.

    Args:
        rate: float in [0, 1), the share of inputs to zero.
        seed: int, of the seed generator; None to draw one.

    Call arguments:
        inputs: float tensor of any shape.
        random: `RandomStream`, or None.
        training: bool, whether to drop where `random` is None; without either
            the inputs are returned as they are.

    Returns:
        A tensor of the shape and dtype of `inputs`.

    >>> layer = Dropout(0.5)
    >>> layer(np.ones((1, 3), "float32")).numpy().tolist()
    [[1.0, 1.0, 1.0]]
    >>> stream = RandomStream(seed=1, step=0)
    >>> np.unique(layer(np.ones((1, 99)), random=stream)).tolist()
    [0.0, 2.0]
    >>> np.unique(layer(np.ones((1, 99)), training=True)).tolist()
    [0.0, 2.0]
    """

    def __init__(
        self,
        rate: float,
        name: str = "dropout",
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        if not 0 <= rate < 1:
            raise ValueError(
                f"Dropout rate must be in [0, 1). Received: rate={rate}"
            )
        self.rate = rate
        self.seed = seed
        self.supports_masking = True
        if rate > 0:
            self.seed_generator = keras.random.SeedGenerator(
                _new_seed() if seed is None else seed
            )

    def build(self, input_shape=None):
        """Nothing to build."""

    def save_own_variables(self, store):
        """Save the state of the seed generator."""
        if self.rate > 0:
            store[_STATE] = ops.convert_to_numpy(self.seed_generator.state)

    def load_own_variables(self, store):
        """Go on with the draws of the layer that was saved."""
        if self.rate > 0 and _STATE in store:
            self.seed_generator.state.assign(store[_STATE])

    def call(self, inputs, random: RandomStream | None = None, training=None):
        """Apply dropout by a stream, or else in training."""
        if random is None and training and self.rate > 0:
            return keras.random.dropout(
                inputs, self.rate, seed=self.seed_generator
            )
        drawn = self.mask_and_scale(ops.shape(inputs), random)
        return inputs if drawn is None else _scaled(inputs, *drawn)

    def mask_and_scale(self, shape, random: RandomStream | None):
        """Draw which inputs are kept, a bool tensor, and return their factor.

        Returns None when all are.
        """
        if random is None or self.rate == 0:
            return None
        rate = dropout_rate(self.rate)
        keep = random.keep_mask(shape, self.name, rate)
        return keep, 1 / (1 - rate)


def _new_seed() -> int:
    """Draw a seed, as `keras.utils.set_random_seed` has it.

    It comes from NumPy's generator: what Python's gives next is the seed of
    an initial weight, and these are to stay as they are.
    """
    return int(np.random.randint(1, 2**31 - 1))


def _scaled(inputs, keep, scale: float):
    """Return `inputs * keep * scale`, of which the gradient reads `keep` alone.

    A product is five times faster than a choice on a CPU, but would keep its
    factor for the gradient: four bytes an element instead of one.
    """

    def scaled(tensor):
        return tensor * (ops.cast(keep, tensor.dtype) * scale)

    def function(tensor):
        def gradient(*args, upstream=None):
            return scaled(args[0] if upstream is None else upstream)

        return scaled(tensor), gradient

    return ops.custom_gradient(function)(inputs)
