"""Activation functions by the names that model configs use."""

import functools

import keras

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
