"""SavedModels that take texts, or token ids where there are no text ops.

Signatures:

    ids         input_ids, input_mask, segment_ids: int32 (batch, length), and
                for tagging positions (batch, words): where words begin
    serving_default, text   text: string (batch,), of single sentences
    text_pair   text and text_pair

The last two need tensorflow_text to be imported where the model is loaded, and
are there for sentences only.
"""

import os

import tensorflow as tf

from electra_tf.finetuning.exporting.sentence_graph import SentenceGraph
from electra_tf.finetuning.serving.network import Served, needs_positions
from electra_tf.finetuning.tuned_model import TunedModel, TunedTask

IDS = "ids"
# Beside it, for servers without text ops: the same without those signatures.
IDS_ONLY = "ids_only"
TEXTS = "texts"


def ids_function(served: Served, task: TunedTask):
    """Return a `tf.function` of token ids, of any batch and length."""
    names = ["input_ids", "input_mask", "segment_ids"]
    if needs_positions(task):
        names.append("positions")
    return tf.function(
        lambda *tensors: served(*tensors),
        input_signature=[
            tf.TensorSpec([None, None], tf.int32, name=name) for name in names
        ],
        autograph=False,
    )


class _Exported(tf.Module):
    """Holds what a SavedModel must keep."""

    def __init__(self, served: Served, task: TunedTask):
        super().__init__()
        self.kept = [v.value for v in served.variables.values()]
        self.ids = ids_function(served, task)


def write(path: str, tuned: TunedModel, task: TunedTask) -> list[str]:
    """Write DIR/ids_only and, for sentences, DIR/texts; say what each has."""
    served = Served(tuned, task)
    lines = [_save(os.path.join(path, IDS_ONLY), _Exported(served, task), {})]
    if task.head.kind in SentenceGraph.KINDS:
        module = _Exported(served, task)
        module.graph = SentenceGraph(tuned, task, served)
        signatures = {
            "serving_default": module.graph.text,
            "text": module.graph.text,
            "text_pair": module.graph.text_pair,
        }
        lines.append(_save(os.path.join(path, TEXTS), module, signatures))
    return lines


def _save(path: str, module: _Exported, signatures: dict) -> str:
    signatures = {IDS: module.ids, "serving_default": module.ids} | signatures
    tf.saved_model.save(module, path, signatures=signatures)
    return f"{path}: signatures {', '.join(signatures)}"


def outputs(path: str, tuned: TunedModel, task: TunedTask):
    """Return what the `ids` signature computes, as a function."""
    loaded = tf.saved_model.load(os.path.join(path, IDS_ONLY))

    def computed(**inputs) -> dict:
        # Not the signature alone: its variables live as long as `loaded`.
        tensors = {name: tf.constant(v) for name, v in inputs.items()}
        found = loaded.signatures[IDS](**tensors)
        return {name: values.numpy() for name, values in found.items()}

    return computed
