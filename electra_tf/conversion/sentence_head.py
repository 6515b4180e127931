"""Our linear sentence head as the two layers that transformers has there.

Theirs is `out_proj(gelu(dense(x)))`, ours `kernel^T x + bias`. Far enough
above 0 the GELU is the identity, and x comes out of a layer normalisation, so
none of its numbers is below -(|gamma| sqrt(H) + |beta|). With the identity as
dense layer's matrix and that bound (and a bit more) as its bias, theirs is
ours, once `out_proj`'s bias takes the shift back. What is lost is rounding:
about 1e-5 in the logits.

It is for prediction: dropout between their layers would act on shifted
numbers, so the config that goes with it has none.

H hidden size, C labels.
"""

import numpy as np

from electra_tf.conversion.model import TASKS
from electra_tf.errors import UserError

# GELU(6) is 6 up to a relative error of 1e-9, below float32's resolution.
LINEAR_FROM = 6.0


def with_hidden_layer(
    variables: dict[str, np.ndarray], task: str, num_layers: int
) -> dict[str, np.ndarray]:
    """Return their head's arrays, in their names and orientation.

    Args:
        variables: ours by name.
        task: str, the head's name.
        num_layers: int, of the encoder.
    """
    kernel, bias = _linear(variables, task)  # [H, C], [C]
    shift = _shift(variables, num_layers)
    return {
        "classifier.dense.weight": np.eye(len(shift), dtype=np.float32),
        "classifier.dense.bias": shift,
        "classifier.out_proj.weight": np.ascontiguousarray(kernel.T),
        "classifier.out_proj.bias": np.float32(bias - shift @ kernel),
    }


def without_hidden_layer(
    source: str,
    variables: dict[str, np.ndarray],
    task: str,
    weight: np.ndarray,
    bias: np.ndarray,
    num_layers: int,
) -> dict[str, np.ndarray]:
    """Return our head's bias, where their hidden layer only shifts.

    Args:
        source: str, what was read, for the message.
        variables: ours by name, with their output layer as our linear one.
        task: str, the head's name.
        weight: `(H, H)`, their hidden layer's.
        bias: `(H,)`, likewise.
        num_layers: int, of the encoder.

    Raises:
        ValueError: when the hidden layer does more than that.
    """
    identity = np.eye(len(bias), dtype=np.float32)
    needed = _shift(variables, num_layers)
    if not np.array_equal(weight, identity) or np.any(bias < needed):
        raise UserError(
            f"{source} has a hidden layer (classifier.dense, then GELU) in its "
            "head. ELECTRA's own head is linear, so this one cannot be "
            "converted; the encoder can: --part encoder."
        )
    kernel, shifted = _linear(variables, task)
    restored = np.float32(shifted + bias.astype(np.float64) @ kernel)
    return {f"{TASKS}/{task}/dense/bias": restored}


def _linear(variables: dict, task: str) -> tuple[np.ndarray, np.ndarray]:
    name = f"{TASKS}/{task}/dense"
    return variables[f"{name}/kernel"], variables[f"{name}/bias"]


def _shift(variables: dict, num_layers: int) -> np.ndarray:
    """What makes every number of the last layer's output large enough."""
    name = f"electra/encoder/layer_{num_layers - 1}/output/LayerNorm"
    gamma, beta = variables[f"{name}/gamma"], variables[f"{name}/beta"]
    # The largest of H numbers with mean 0 and variance 1 is below sqrt(H).
    bound = np.abs(gamma) * np.sqrt(len(gamma)) + np.abs(beta)
    return np.float32(bound + LINEAR_FROM)
