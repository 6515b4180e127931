"""Functions that the backward pass computes again: a table of backends."""

import keras
from keras import ops


def _with_tensorflow(function):
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


_BACKENDS = {"tensorflow": _with_tensorflow, "jax": keras.remat}


def recomputed(function):
    """Return a function of the same results that keeps its arguments alone.

    Args:
        function: from a float tensor, others, and `zero`, 0 in the forward
            pass and a tensor that is 0 in the backward pass, to a tensor.
            What shall wait for the backward pass must depend on either.
    """
    return _BACKENDS[keras.backend.backend()](function)
