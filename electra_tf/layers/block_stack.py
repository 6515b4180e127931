"""The way through an encoder's blocks in training: what is kept, and what not.

A block is a function of its input and its weights here, with the same results
and the same dropout as when it is called.
"""

from electra_tf.kernels.recomputation import recomputed


def recompute(blocks, hidden, attention_mask, random) -> list:
    """Return the outputs of all blocks, which keep their inputs alone.

    The backward pass computes each block again. Dropout is a function of
    names, so it is the same again.

    Args:
        blocks: list of `TransformerBlock`s.
        hidden: float tensor `(batch, length, hidden_size)`.
        attention_mask: int tensor `(batch, 1 or length, length)`.
        random: `RandomStream`; its children have the blocks' names.
    """
    outputs = []
    for block in blocks:
        function = _of_weights(block, attention_mask, random.child(block.name))
        weights = [variable.value for variable in block.trainable_variables]
        hidden = recomputed(function)(hidden, *weights)
        outputs.append(hidden)
    return outputs


def _of_weights(block, attention_mask, random):
    """Return the function from hidden states and weights to hidden states."""

    def function(hidden, *weights, zero=0):
        (hidden, _), _ = block.stateless_call(
            weights,
            (),
            hidden,
            attention_mask=attention_mask,
            random=random.later(zero),
        )
        return hidden

    return function
