"""Ways through an encoder's blocks in training, to save memory or compiling.

A block is a function of its input and its weights here, with the same results
and the same dropout as when it is called.
"""

import keras
from keras import ops

from electra_tf.errors import UserError


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
        hidden = _recomputed(function)(hidden, *_weights(block))
        outputs.append(hidden)
    return outputs


def loop(blocks, hidden, attention_mask, random, again: bool) -> list:
    """Return the outputs of all blocks by one graph of a block, in a loop.

    Args:
        blocks, hidden, attention_mask, random: as of `recompute`.
        again: whether to recompute them, too.
    """
    _check_alike(blocks)
    names = [block.name for block in blocks]
    stacked = [
        ops.stack(layers) for layers in zip(*map(_weights, blocks), strict=True)
    ]

    def layer(hidden, index, *weights):
        function = _of_weights(
            blocks[0], attention_mask, random.child(names, index)
        )
        return (_recomputed(function) if again else function)(hidden, *weights)

    return ops.unstack(_scan(layer, hidden, stacked))


def _check_alike(blocks) -> None:
    """Refuse blocks of which one graph cannot be that of all.

    Their weights may differ, and which of them are trained.
    """
    kinds = [_kind(block) for block in blocks]
    for block, kind in zip(blocks, kinds, strict=True):
        if kind != kinds[0]:
            raise UserError(
                "scan runs all blocks by the first one's graph, so that they "
                "must be alike but for their weights. Received: "
                f"{block.name}, which differs from {blocks[0].name}, as by "
                "LoRA, quantize, a dtype or a rate of dropout. Change all "
                "blocks in the same way, or leave out scan."
            )


def _kind(block) -> list:
    """Return what may differ in a block's graph besides values of weights."""
    settings = ("quantization_mode", "lora_enabled", "lora_alpha", "rate")
    return [
        (
            type(layer),
            layer.dtype_policy.name,
            [getattr(layer, name, None) for name in settings],
            [(tuple(w.shape), w.dtype) for w in layer.weights],
        )
        for layer in block._flatten_layers()
    ]


def _weights(block) -> list:
    """Return all weights, frozen ones, too: TensorFlow finds others inside."""
    return [weight.value for weight in block.weights]


def _of_weights(block, attention_mask, random):
    """Return the function from hidden states and weights to hidden states."""

    places = {id(weight): n for n, weight in enumerate(block.weights)}
    # The states of Keras' random generators, which a stream leaves alone.
    states = {
        id(variable): variable.value
        for variable in block.variables
        if id(variable) not in places
    }

    def function(hidden, *weights, zero=0):
        def values(variables):
            return [
                weights[places[id(v)]] if id(v) in places else states[id(v)]
                for v in variables
            ]

        hidden, _ = block.stateless_call(
            values(block.trainable_variables),
            values(block.non_trainable_variables),
            hidden,
            attention_mask=attention_mask,
            random=random.later(zero),
        )
        return hidden

    return function


def _recomputed_by_tensorflow(function):
    """Return `function`, of which only the arguments are kept.

    XLA takes `keras.remat` apart: it finds that the same is computed twice.
    """
    import tensorflow as tf

    @tf.custom_gradient
    def again(hidden, *weights):
        def gradient(upstream):
            # Computing anew must not begin before the gradient is here, and
            # no compiler may know that this is zero.
            zero = 0 * ops.reshape(upstream, [-1])[0]
            inputs = (hidden + zero, *weights)
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                output = function(*inputs, zero=zero)
            return tape.gradient(output, inputs, upstream)

        return function(hidden, *weights), gradient

    return again


_RECOMPUTED_BY = {
    "tensorflow": _recomputed_by_tensorflow,
    "jax": keras.remat,
}


def _recomputed(function):
    """Return a function of the same results that keeps its arguments alone.

    `function` also takes `zero`: 0 in the forward pass, a tensor that is 0 in
    the backward pass. What shall wait for the latter must depend on it, or on
    the first argument.
    """
    return _RECOMPUTED_BY[keras.backend.backend()](function)


def _scan(function, hidden, stacked):
    """Return hidden states after each of L layers: `(L, ...)`.

    TensorFlow only: `keras.ops.scan` sets no bound on its steps, and XLA can
    derive by no loop without one.

    Args:
        function: from hidden states, the layer's number, an int tensor, and
            its tensors to hidden states.
        hidden: float tensor, what goes into the first layer.
        stacked: list of tensors `(L, ...)`.
    """
    import tensorflow as tf

    layers = stacked[0].shape[0]
    # Of an array the gradient is written layer by layer; that of indexing
    # would add up all layers in each.
    arrays = [
        tf.TensorArray(
            tensor.dtype, layers, element_shape=tensor.shape[1:]
        ).unstack(tensor)
        for tensor in stacked
    ]

    def layer(index, hidden, outputs):
        tensors = [array.read(index) for array in arrays]
        hidden = tf.ensure_shape(
            function(hidden, index, *tensors), hidden.shape
        )
        return index + 1, hidden, outputs.write(index, hidden)

    outputs = tf.TensorArray(hidden.dtype, layers, element_shape=hidden.shape)
    _, _, outputs = tf.while_loop(
        lambda index, *unused: index < layers,
        layer,
        (tf.constant(0), hidden, outputs),
        maximum_iterations=layers,
    )
    return outputs.stack()
