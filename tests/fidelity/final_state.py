"""Compares trained weights and Adam slots with a recorded checkpoint."""

import numpy as np
import tensorflow as tf

# Biases of keys shift all scores of a softmax alike: their exact gradient is
# zero, and what was recorded is rounding noise.
NO_GRADIENT = ("key/bias",)


def assert_final_state(folder, variables: dict, slots: dict):
    """Compare with `folder/ckpt_final`, by the recorded tolerances."""
    recorded = tf.train.load_checkpoint(str(folder / "ckpt_final"))
    for path, variable in variables.items():
        np.testing.assert_allclose(
            variable.numpy(),
            recorded.get_tensor(path),
            rtol=0,
            atol=1e-4 if path.endswith(NO_GRADIENT) else 2e-5,
            err_msg=path,
        )
    for name, slot in slots.items():
        ours, expected = slot.numpy(), recorded.get_tensor(name)
        if name.endswith("adam_v"):
            ours, expected = np.sqrt(ours), np.sqrt(expected)
        np.testing.assert_allclose(
            ours, expected, rtol=0, atol=1e-6, err_msg=name
        )
