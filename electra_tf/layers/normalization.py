"""Layer normalisation as BERT has it."""

import keras

# BERT's, and far below Keras' default of 1e-3.
EPSILON = 1e-12


def layer_normalization(**kwargs) -> keras.layers.LayerNormalization:
    """Return a LayerNorm over the last axis; Keras computes it in float32."""
    return keras.layers.LayerNormalization(
        epsilon=EPSILON, name="LayerNorm", **kwargs
    )
