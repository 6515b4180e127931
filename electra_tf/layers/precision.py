"""Number formats of the matrix products.

Weights, softmax, LayerNorm, logits, losses and the optimizer stay in float32.
"""

import contextlib

import keras

# Keras' policies by the names that configs use.
POLICIES = {
    "float32": "float32",
    "bfloat16": "mixed_bfloat16",
    "float16": "mixed_float16",
}


@contextlib.contextmanager
def precision(name: str):
    """Give the layers made inside the policy of a format, a key of `POLICIES`.

    >>> with precision("bfloat16"):
    ...     dense = keras.layers.Dense(1)
    >>> dense.compute_dtype, dense.variable_dtype
    ('bfloat16', 'float32')
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(POLICIES[name])
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
