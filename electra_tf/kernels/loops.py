"""A loop over the layers of a stack, which is compiled once for all of them."""


def scan(function, hidden, stacked):
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
