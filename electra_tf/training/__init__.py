"""The training loop, independent of any model."""

import importlib.util

if importlib.util.find_spec("tensorflow") is None:
    raise ModuleNotFoundError(
        "electra_tf.training, the loop, needs TensorFlow, which is not "
        "installed. Layers, losses and trained encoders work without: see "
        "docs/how_to/jax.md.",
        name="tensorflow",
    )
