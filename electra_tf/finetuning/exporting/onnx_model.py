"""ONNX files, and what onnxruntime makes of them."""

import os

import numpy as np

from electra_tf.finetuning.exporting.saved_model import ids_function
from electra_tf.finetuning.serving.network import Served
from electra_tf.finetuning.tuned_model import TunedModel, TunedTask

FILE = "model.onnx"
OPSET = 17


def write(path: str, tuned: TunedModel, task: TunedTask) -> list[str]:
    """Write DIR/model.onnx; say what its inputs and outputs are."""
    import tf2onnx

    file = os.path.join(path, FILE)
    function = ids_function(Served(tuned, task), task)
    model, _ = tf2onnx.convert.from_function(
        function,
        input_signature=function.input_signature,
        opset=OPSET,
        output_path=file,
        custom_op_handlers={"Erfc": (_erfc, [])},
    )
    inputs = ", ".join(value.name for value in model.graph.input)
    return [f"{file}: opset {OPSET}, inputs {inputs}"]


def outputs(path: str, tuned: TunedModel, task: TunedTask):
    """Return what onnxruntime computes, as a function."""
    import onnxruntime

    session = onnxruntime.InferenceSession(
        os.path.join(path, FILE), providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]

    def computed(**inputs) -> dict:
        return dict(zip(names, session.run(names, inputs), strict=True))

    return computed


def _erfc(graph, node, name: str, arguments: list) -> None:
    """Replace Erfc, which GELU is made of and ONNX does not have."""
    one = graph.make_const(f"{name}_one", np.array(1, np.float32))
    erf = graph.make_node("Erf", node.input)
    complement = graph.make_node("Sub", [one.output[0], erf.output[0]])
    graph.replace_all_inputs(node.output[0], complement.output[0])
    graph.remove_node(node.name)
