"""Element-wise chains of training, each with a gradient of its own.

A gradient here computes again what is cheap, so that little is kept for it.
Under TensorFlow's executor every operation is a pass over memory; large
chains are therefore compiled by XLA on their own, in the midst of a step that
is not: on a CPU the products stay oneDNN's, which are faster than XLA's.
Everything is float32 inside. N rows, H columns, V vocabulary.
"""

import contextlib
import contextvars
import functools
import math

import keras
from keras import ops

# Below so many numbers calling costs what a single pass saves.
COMPILED_NUMBERS = 2**18
_whole = contextvars.ContextVar("whole", default=False)


@contextlib.contextmanager
def left_to_the_compiler(whole: bool):
    """Make layers use plain operations where XLA compiles the step as a whole.

    It joins chains by itself, and is slower with the gradients made here.
    """
    token = _whole.set(whole)
    try:
        yield
    finally:
        _whole.reset(token)


def are_used() -> bool:
    """Return whether layers shall use the functions of this module."""
    return not _whole.get()


def bias_gelu(inputs, bias):
    """Return the exact GELU of inputs `(..., H)` plus a bias `(H,)`."""

    def function(inputs, bias):
        def gradient(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            by_inputs = _one_pass(_gelu_gradient, inputs, bias, upstream)
            return by_inputs, _column_sums(by_inputs, bias)

        return _one_pass(_gelu, inputs, bias), gradient

    return _with_gradient(function, inputs, bias)


def residual_norm(inputs, bias, residual, gamma, beta, dropout, epsilon):
    """Return LayerNorm(residual + dropout(inputs + bias)).

    Args:
        inputs, residual: floats `(..., H)`.
        bias, gamma, beta: floats `(H,)`.
        dropout: pair of a bool mask `(..., H)`, true for what is kept, and
            its scale; None for no dropout.
        epsilon: float, added to the variance.
    """
    keep, scale = dropout or (None, 1.0)

    def function(inputs, bias, residual, gamma, beta):
        outputs, normal, inverse = _one_pass(
            _norm, inputs, bias, residual, gamma, beta, keep, scale, epsilon
        )

        def gradient(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            by_sum, by_inputs, by_gamma = _one_pass(
                _norm_gradient, upstream, normal, inverse, gamma, keep, scale
            )
            return (
                by_inputs,
                _column_sums(by_inputs, bias),
                by_sum,
                _column_sums(by_gamma, gamma),
                _column_sums(upstream, beta),
            )

        return outputs, gradient

    return _with_gradient(function, inputs, bias, residual, gamma, beta)


def cross_entropy(logits, ids):
    """Return -log softmax(logits)[ids]: float32 `(..., V)`, int `(...)`."""
    if not are_used():
        return ops.sparse_categorical_crossentropy(
            ids, logits, from_logits=True
        )

    def function(logits):
        log_total = _one_pass(_log_sum_exp, logits)
        chosen = ops.take_along_axis(logits, ops.expand_dims(ids, -1), -1)

        def gradient(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            return _one_pass(
                _cross_entropy_gradient, logits, ids, log_total, upstream
            )

        return log_total - ops.squeeze(chosen, -1), gradient

    return _with_gradient(function, logits)


def _with_gradient(function, *tensors):
    """Call a function that returns its gradient, too."""
    # `convert_to_tensor` would leave variables, which the gradient may not
    # know of.
    return ops.custom_gradient(function)(*map(ops.copy, tensors))


def _one_pass(function, first, *others):
    """Return function(first, *others), compiled where that pays."""
    sizes = tuple(first.shape)
    if (
        keras.backend.backend() != "tensorflow"
        or None in sizes
        or math.prod(sizes) < COMPILED_NUMBERS
    ):
        return function(first, *others)
    return _compiled(function)(first, *others)


@functools.cache
def _compiled(function):
    import tensorflow as tf

    return tf.function(function, jit_compile=True, autograph=False)


def _column_sums(values, like):
    """Sum `(..., H)` to `(H,)`: a product is the fastest way on CPUs."""
    rows = ops.reshape(ops.cast(values, "float32"), (-1, values.shape[-1]))
    ones = ops.ones((1, ops.shape(rows)[0]), "float32")
    return ops.cast(ops.reshape(ops.matmul(ones, rows), (-1,)), like.dtype)


def _floats(*tensors):
    return [ops.cast(tensor, "float32") for tensor in tensors]


def _normal_cdf(values):
    return 0.5 * ops.erf(values * math.sqrt(0.5)) + 0.5


def _gelu(inputs, bias):
    values = ops.add(*_floats(inputs, bias))
    return ops.cast(values * _normal_cdf(values), inputs.dtype)


def _gelu_gradient(inputs, bias, upstream):
    values = ops.add(*_floats(inputs, bias))
    density = ops.exp(-0.5 * ops.square(values)) / math.sqrt(2 * math.pi)
    slope = _normal_cdf(values) + values * density
    return ops.cast(ops.cast(upstream, "float32") * slope, inputs.dtype)


def _dropped(values, keep, scale: float):
    if keep is None:
        return values
    return values * (ops.cast(keep, "float32") * scale)


def _norm(inputs, bias, residual, gamma, beta, keep, scale, epsilon):
    """Return the outputs, those before gamma and beta, and 1 / deviation."""
    dtype = inputs.dtype
    inputs, bias, residual, gamma, beta = _floats(
        inputs, bias, residual, gamma, beta
    )
    summed = residual + _dropped(inputs + bias, keep, scale)
    centred = summed - ops.mean(summed, -1, keepdims=True)
    variance = ops.mean(ops.square(centred), -1, keepdims=True)
    inverse = ops.rsqrt(variance + epsilon)
    normal = centred * inverse
    return ops.cast(normal * gamma + beta, dtype), normal, inverse


def _norm_gradient(upstream, normal, inverse, gamma, keep, scale):
    """Return gradients by the sum, by inputs and, before adding, by gamma."""
    dtype = upstream.dtype
    upstream, gamma = _floats(upstream, gamma)
    scaled = upstream * gamma
    by_sum = inverse * (
        scaled
        - ops.mean(scaled, -1, keepdims=True)
        - normal * ops.mean(scaled * normal, -1, keepdims=True)
    )
    by_inputs = _dropped(by_sum, keep, scale)
    return (
        ops.cast(by_sum, dtype),
        ops.cast(by_inputs, dtype),
        upstream * normal,
    )


def _log_sum_exp(logits):
    highest = ops.max(logits, -1, keepdims=True)
    total = ops.sum(ops.exp(logits - highest), -1)
    return ops.log(total) + ops.squeeze(highest, -1)


def _cross_entropy_gradient(logits, ids, log_total, upstream):
    probabilities = ops.exp(logits - ops.expand_dims(log_total, -1))
    places = ops.arange(logits.shape[-1], dtype=ids.dtype)
    right = ops.equal(places, ops.expand_dims(ids, -1))
    difference = probabilities - ops.cast(right, "float32")
    return ops.expand_dims(upstream, -1) * difference
