"""Layer-wise learning rates: the lower a layer, the slower it learns.

Reference: Clark et al., 2020, ELECTRA, appendix B (there the decay of the top
layer is not said; the released code has decay ** 2).
"""

import re

from electra_tf.errors import UserError


def rate_multipliers(
    paths, num_layers: int, decay: float, top_exponent: int
) -> dict[str, float]:
    """Return the factor of each variable's learning rate.

    decay ** (num_layers + top_exponent - depth), where the depth of the
    embeddings and their projection is 0 and that of layer i (from 0) is i + 1.
    The tasks' heads have the full rate.

    Args:
        paths: paths of the variables.
        num_layers: int, layers of the encoder.
        decay: float; 0 or below gives every variable the full rate.
        top_exponent: int, the power of `decay` at the top layer.

    Raises:
        UserError: for a path that belongs to none of these.

    Example:

    >>> paths = ["electra/encoder/layer_1/output/dense/bias",
    ...          "electra/embeddings/word_embeddings"]
    >>> list(rate_multipliers(paths, 2, decay=0.5, top_exponent=2).values())
    [0.25, 0.0625]
    """
    if decay <= 0:
        return dict.fromkeys(paths, 1.0)
    top = num_layers + top_exponent
    return {
        path: 1.0 if depth is None else decay ** (top - depth)
        for path, depth in ((path, _depth(path)) for path in paths)
    }


def _depth(path: str) -> int | None:
    """Return the depth of a variable, None for the heads."""
    if path.startswith("task_specific/"):
        return None
    layer = re.search(r"/encoder/layer_(\d+)/", path)
    if layer:
        return int(layer[1]) + 1
    if re.search(r"/embeddings(_project)?/", path):
        return 0
    raise UserError(
        "Layer-wise learning rates know embeddings, encoder layers and "
        f"task_specific heads. Received: the variable {path!r}."
    )
