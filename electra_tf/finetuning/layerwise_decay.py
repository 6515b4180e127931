"""Layer-wise learning rates: the lower a layer, the slower it learns.

Reference: Clark et al., 2020, ELECTRA, appendix B (there the decay of the top
layer is not said; the released code has decay ** 2).
"""

import re

from electra_tf.errors import UserError


def rate_multipliers(
    paths, num_layers: int, decay: float, top_exponent: int
) -> dict[str, float]:
    """Return the factor of the learning rate of each variable, by path.

    It is decay ** (num_layers + top_exponent - depth), where the depth of the
    embeddings and their projection is 0 and that of layer i (from 0) is i + 1.
    The tasks' heads have the full rate; without decay, all variables have it.

    >>> paths = ["electra/encoder/layer_1/output/dense/bias",
    ...          "electra/embeddings/word_embeddings"]
    >>> list(rate_multipliers(paths, 2, decay=0.5, top_exponent=2).values())
    [0.25, 0.0625]
    """
    if decay <= 0:
        return dict.fromkeys(paths, 1.0)
    top = num_layers + top_exponent

    def multiplier(path: str) -> float:
        if path.startswith("task_specific/"):
            return 1.0
        return decay ** (top - _depth(path))

    return {path: multiplier(path) for path in paths}


def _depth(path: str) -> int:
    if layer := re.search(r"/encoder/layer_(\d+)/", path):
        return int(layer[1]) + 1
    if re.search(r"/embeddings(_project)?/", path):
        return 0
    raise UserError(
        "Layer-wise learning rates know embeddings, encoder layers and "
        f"task_specific heads. Received: the variable {path!r}."
    )
