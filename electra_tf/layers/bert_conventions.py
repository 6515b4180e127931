"""BERT's activations by name, its initializer and its LayerNorm."""

import functools

import keras

# BERT's, and far below Keras' default of 1e-3.
LAYER_NORM_EPSILON = 1e-12

ACTIVATIONS = {
    # The exact GELU with the error function, not the tanh approximation.
    "gelu": functools.partial(keras.activations.gelu, approximate=False),
    # The approximation, by the name that transformers gives it.
    "gelu_new": functools.partial(keras.activations.gelu, approximate=True),
    "relu": keras.activations.relu,
    "tanh": keras.activations.tanh,
    "linear": keras.activations.linear,
}


def activation(name: str):
    """Return the function called `name`."""
    if name not in ACTIVATIONS:
        raise ValueError(
            f"hidden_act must be one of {sorted(ACTIVATIONS)}. "
            f"Received: {name!r}"
        )
    return ACTIVATIONS[name]


class TruncatedNormal(keras.initializers.TruncatedNormal):
    """BERT's initializer; it need not draw where nothing is to be seen of it.

    An object returns the same values at every call with the same shape, so it
    must never serve two weights.
    """

    def __call__(self, shape, dtype=None):
        """Return random numbers, or zeros for a deviation of 0."""
        if self.stddev == 0:
            return keras.ops.zeros(shape, dtype)
        return super().__call__(shape, dtype)


def dense(
    layer: keras.layers.Layer, units: int, act: str = "linear", name="dense"
) -> keras.layers.Dense:
    """Return BERT's linear layer, of the number format of `layer`."""
    return keras.layers.Dense(
        units,
        activation=activation(act),
        kernel_initializer=TruncatedNormal(
            stddev=layer.config.initializer_range
        ),
        name=name,
        dtype=layer.dtype_policy,
    )


def layer_normalization(**kwargs) -> keras.layers.LayerNormalization:
    """Return a LayerNorm over the last axis; Keras computes it in float32."""
    return keras.layers.LayerNormalization(
        epsilon=LAYER_NORM_EPSILON, name="LayerNorm", **kwargs
    )
