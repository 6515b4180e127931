"""Operations of the matrix products in a traced graph.

Models are traced without making their weights, so that the largest takes no
memory: Keras's stateless scope lets arguments of the function stand for them.
"""

import collections
import contextlib

import keras
import tensorflow as tf

from electra_tf.randomness import RandomStream

TRANSPOSED = {
    "MatMul": "transpose_a",
    "BatchMatMul": "adj_x",
    "BatchMatMulV2": "adj_x",
    "BatchMatMulV3": "adj_x",
}
# Operations with graphs of their own, which would have to be walked, too.
NESTED = {"PartitionedCall", "StatefulPartitionedCall", "Einsum", "While"}
NESTED |= {"StatelessWhile", "If", "StatelessIf", "XlaLaunch"}


def count(operation: tf.Operation) -> int:
    """2mnk of one product, as its inputs' shapes have it."""
    left = operation.inputs[0].shape.as_list()
    contracted = left[
        -2 if operation.get_attr(TRANSPOSED[operation.type]) else -1
    ]
    return 2 * contracted * operation.outputs[0].shape.num_elements()


def products(function) -> int:
    """Add up the products that the outputs of a function depend on."""
    waiting = collections.deque(t.op for t in function.outputs)
    waiting.extend(function.graph.control_outputs)
    seen, total = set(), 0
    while waiting:
        operation = waiting.pop()
        if operation in seen:
            continue
        seen.add(operation)
        assert operation.type not in NESTED, operation
        if operation.type in TRANSPOSED:
            total += count(operation)
        waiting.extend(t.op for t in operation.inputs)
        waiting.extend(operation.control_inputs)
    return total


@contextlib.contextmanager
def without_weights():
    """Make models whose variables have no values."""
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        keras.backend.clear_session()  # Forgets that they want values.


def trace(make_model, losses, inputs):
    """Return the forward pass, and that with gradients, as graphs.

    Args:
        make_model: function that returns an object with `variables`.
        losses: function from it, the inputs and a `RandomStream` to a dict
            of `LossTerm`s.
        inputs: structure of `tf.TensorSpec`s.
    """
    with without_weights():
        model = make_model()
    variables = list(model.variables.values())
    weights = [tf.TensorSpec(v.shape, tf.float32) for v in variables]

    def forward(weights, inputs):
        pairs = list(zip(variables, weights, strict=True))
        with keras.StatelessScope(pairs, initialize_variables=False):
            terms = losses(model, inputs, RandomStream(0, 0))
        return tf.add_n([term.total for term in terms.values()])

    def update(weights, inputs):
        with tf.GradientTape() as tape:
            tape.watch(weights)
            loss = forward(weights, inputs)
        gradients = tape.gradient(loss, weights)
        return [g for g in gradients if g is not None]

    return [
        tf.function(function).get_concrete_function(weights, inputs)
        for function in (forward, update)
    ]
