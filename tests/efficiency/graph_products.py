"""Operations of the matrix products in a traced graph.

Models are traced without making their weights, so that the largest takes no
memory: Keras's stateless scope lets arguments of the function stand for them.
"""

import collections
import contextlib
import math
import re

import keras
import tensorflow as tf
from tensorflow.compat.v1 import profiler

from electra_tf.efficiency.executed_flops import Work
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
# Of XLA's text: sizes of the result and of the left factor, contracted axes.
DOT = re.compile(
    r"= \w+\[([\d,]*)\]\S* dot\(\w+\[([\d,]*)\].*?"
    r"lhs_contracting_dims=\{([\d,]+)\}"
)


def training_products(work: Work) -> int:
    """Operations of matrix products, forward and backward."""
    return 3 * work.products + 2 * work.lookups


def count(operation: tf.Operation) -> int:
    """2mnk of one product, as its inputs' shapes have it.

    A product of a row of ones is a sum over columns, and none of a network.
    """
    left = operation.inputs[0].shape.as_list()
    if left[0] == 1 and operation.inputs[0].op.type in ("Fill", "Const"):
        return 0
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


def profiled(graph: tf.Graph) -> dict[str, int]:
    """Operations by kind of operation, as TensorFlow's profiler has them.

    It takes the contracted size of every product of batches from the last
    axis of the left factor, also where that factor is transposed.
    """
    options = (
        profiler.ProfileOptionBuilder(
            profiler.ProfileOptionBuilder.float_operation()
        )
        .with_empty_output()
        .order_by("float_ops")
        .build()
    )
    node = profiler.profile(graph, cmd="op", options=options)
    found = {}
    while node.children:  # Each kind is the only child of the one before.
        (node,) = node.children
        found[node.name] = node.float_ops
    return found


def compiled(function: tf.types.experimental.GenericFunction, *args) -> int:
    """Add up the products in what XLA is given to compile.

    Args:
        function: of a `jit_compile`d `tf.function`.
        *args: its arguments.
    """
    text = function.experimental_get_compiler_ir(*args)(stage="hlo")
    found = DOT.findall(text)
    # Without sums over columns, see `count`.
    return sum(2 * _dot(*dims) for dims in found if dims[1][:2] != "1,")


def _dot(result: str, left: str, contracted: str) -> int:
    """Multiply the sizes of "2,3", and those that "0,1" chooses of `left`."""
    left = [int(size) for size in left.split(",")]
    sizes = [int(size) for size in result.split(",") if size]
    sizes += [left[int(axis)] for axis in contracted.split(",")]
    return math.prod(sizes)


def kept_bytes(graph: tf.Graph) -> int:
    """Add up what the forward pass makes and the backward pass reads."""
    operations = graph.get_operations()
    # A gradient of our own has no scope of its own; all that comes after the
    # first of TensorFlow's is backward, too.
    names = [operation.name for operation in operations]
    first = next(i for i, name in enumerate(names) if "gradient_tape" in name)
    forward = set(names[:first])
    kept = {}
    for operation in operations[first:]:
        for tensor in map(_buffer, operation.inputs):
            if tensor.op.name in forward and tensor.op.inputs:
                kept[tensor.name] = tensor
    return sum(
        t.dtype.size * (t.shape.num_elements() or 0) for t in kept.values()
    )


def _buffer(tensor: tf.Tensor) -> tf.Tensor:
    """Return the tensor whose numbers this one shows in another shape."""
    while tensor.op.type in ("Reshape", "Identity", "ExpandDims", "Squeeze"):
        tensor = tensor.op.inputs[0]
    return tensor


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
        make_model, losses: see `functions`.
        inputs: structure of `tf.TensorSpec`s.
    """
    weights, *both = functions(make_model, losses)
    return [
        tf.function(function).get_concrete_function(weights, inputs)
        for function in both
    ]


def functions(make_model, losses):
    """Return specs of weights, and two functions of weights and inputs.

    The first is the forward pass, the second that with its gradients.

    Args:
        make_model: function that returns an object with `variables`.
        losses: function from it, the inputs and a `RandomStream` to a dict
            of `LossTerm`s.
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

    return weights, forward, update
