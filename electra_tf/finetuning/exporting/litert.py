"""LiteRT (TensorFlow Lite) files, and what its interpreter makes of them."""

import os

import numpy as np
import tensorflow as tf

from electra_tf.finetuning.exporting.saved_model import ids_function
from electra_tf.finetuning.serving.network import Served
from electra_tf.finetuning.tuned_model import TunedModel, TunedTask

FILE = "model.tflite"
SIGNATURE = "serving_default"


def write(path: str, tuned: TunedModel, task: TunedTask) -> list[str]:
    """Write DIR/model.tflite; say which signature it has."""
    file = os.path.join(path, FILE)
    served = Served(tuned, task)
    module = tf.Module()
    module.kept = [v.value for v in served.variables.values()]
    module.ids = ids_function(served, task)
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [module.ids.get_concrete_function()], module
    )
    with open(file, "wb") as sink:
        sink.write(converter.convert())
    return [f"{file}: signature {SIGNATURE}"]


def outputs(path: str, tuned: TunedModel, task: TunedTask):
    """Return what the interpreter computes, as a function."""
    interpreter = tf.lite.Interpreter(os.path.join(path, FILE))
    runner = interpreter.get_signature_runner()
    return lambda **inputs: runner(
        **{name: np.ascontiguousarray(v) for name, v in inputs.items()}
    )
