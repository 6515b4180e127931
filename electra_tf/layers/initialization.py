"""How weights start."""

import keras


def truncated_normal(stddev: float) -> keras.initializers.Initializer:
    """Return BERT's initializer, a new one at each call.

    A Keras initializer object returns the same values at every call with the
    same shape, so one object must never serve two weights.
    """
    return keras.initializers.TruncatedNormal(stddev=stddev)
