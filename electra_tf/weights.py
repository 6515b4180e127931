"""Weights by path: giving variables the values that have their paths."""

from electra_tf.errors import UserError


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
