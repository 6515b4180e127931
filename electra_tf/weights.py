"""Weights by path: that they are finite, and giving them to variables."""

from collections.abc import Mapping

import numpy as np

from electra_tf.errors import UserError

MOST_SAID = 20  # Arrays that a message names.


def assign(variables: dict, values: dict, required=None) -> list[str]:
    """Give variables the values that have their paths.

    Args:
        variables: dict from path to `keras.Variable`.
        values: dict from path to array; others than the variables' are
            ignored.
        required: function from a path to whether it must be among the
            values; every path by default.

    Returns:
        The paths of the variables that kept their own value.

    Raises:
        ValueError: for a missing value or a wrong shape; names all of them.
    """
    absent = [path for path in variables if path not in values]
    problems = [
        f"{path} is missing"
        for path in absent
        if required is None or required(path)
    ]
    problems += [
        f"{path} has shape {values[path].shape}, the model's {variable.shape}"
        for path, variable in variables.items()
        if path in values and tuple(values[path].shape) != variable.shape
    ]
    if problems:
        raise UserError(
            "The checkpoint does not fit the model:\n  "
            + "\n  ".join(problems)
            + "\nCheck model_size, vocab_size and model_hparam_overrides."
        )
    for path, variable in variables.items():
        if path in values:
            variable.assign(values[path])
    return absent


def check_finite(source: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Check that no number is NaN or infinite.

    Raises:
        UserError: naming the arrays that have some, and how many.
    """
    wrong = [
        f"{name}: {array.size - np.isfinite(array).sum():,} of {array.size:,}"
        for name, array in arrays.items()
        if not np.isfinite(array).all()
    ]
    if wrong:
        said = wrong[:MOST_SAID]
        if len(wrong) > MOST_SAID:
            said.append(f"and {len(wrong) - MOST_SAID} arrays more")
        raise UserError(
            f"{source} must hold finite numbers. Received NaN or infinite "
            "ones:\n  " + "\n  ".join(said) + "\nTraining that blew up, or a "
            "damaged copy, may be the cause: take an earlier checkpoint or "
            "copy it again."
        )
