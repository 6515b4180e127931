"""Dropout whose mask is a function of (seed, step, replica, name)."""

import keras
from keras import ops

from electra_tf.randomness import RandomStream, dropout_rate


class Dropout(keras.layers.Layer):
    """Zeroes a share of its inputs and scales the others up.

    Unlike `keras.layers.Dropout` it draws another mask on every replica, and
    the same one again when a step is repeated (see `electra_tf.randomness`).

    Args:
        rate: float in [0, 1), the share of inputs to zero.

    Call arguments:
        inputs: float tensor of any shape.
        random: `RandomStream`, or None to return the inputs as they are.

    Returns:
        A tensor of the shape and dtype of `inputs`.

    >>> layer = Dropout(0.5)
    >>> layer(np.ones((1, 3), "float32")).numpy().tolist()
    [[1.0, 1.0, 1.0]]
    >>> stream = RandomStream(seed=1, step=0)
    >>> np.unique(layer(np.ones((1, 99)), random=stream)).tolist()
    [0.0, 2.0]
    """

    def __init__(self, rate: float, name: str = "dropout", **kwargs):
        super().__init__(name=name, **kwargs)
        if not 0 <= rate < 1:
            raise ValueError(
                f"Dropout rate must be in [0, 1). Received: rate={rate}"
            )
        self.rate = rate

    def build(self, input_shape=None):
        """Nothing to build."""

    def call(self, inputs, random: RandomStream | None = None):
        """Apply dropout when a random stream is given."""
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
