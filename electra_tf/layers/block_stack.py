"""Ways through an encoder's blocks in training, to save memory or compiling.

A block is a function of its input and its weights here, with the same results
and the same dropout as when it is called.
"""

from keras import ops

from electra_tf.kernels.loops import scan
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
        hidden = recomputed(function)(hidden, *_weights(block))
        outputs.append(hidden)
    return outputs


def loop(blocks, hidden, attention_mask, random, again: bool) -> list:
    """Return the outputs of all blocks by one graph of a block, in a loop.

    Args:
        blocks, hidden, attention_mask, random: as of `recompute`.
        again: whether to recompute them, too.
    """
    names = [block.name for block in blocks]
    stacked = [
        ops.stack(layers) for layers in zip(*map(_weights, blocks), strict=True)
    ]

    def layer(hidden, index, *weights):
        function = _of_weights(
            blocks[0], attention_mask, random.child(names, index)
        )
        return (recomputed(function) if again else function)(hidden, *weights)

    return ops.unstack(scan(layer, hidden, stacked))


def _weights(block) -> list:
    return [variable.value for variable in block.trainable_variables]


def _of_weights(block, attention_mask, random):
    """Return the function from hidden states and weights to hidden states."""

    # The states of Keras' random generators, which a stream leaves alone.
    states = [variable.value for variable in block.non_trainable_variables]

    def function(hidden, *weights, zero=0):
        hidden, _ = block.stateless_call(
            weights,
            states,
            hidden,
            attention_mask=attention_mask,
            random=random.later(zero),
        )
        return hidden

    return function
