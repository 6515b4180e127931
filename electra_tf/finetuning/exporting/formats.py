"""Formats to export a fine-tuned model to, and how far they are off.

B batch, L length, W words.
"""

import abc
import os
import warnings
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from electra_tf.errors import UserError
from electra_tf.finetuning.exporting.sentence_graph import SentenceGraph
from electra_tf.finetuning.finetuned_model import FinetunedModel, FinetunedTask
from electra_tf.finetuning.serving.network import Served, needs_positions
from electra_tf.finetuning.tasks.sentences.classification import pair_input
from electra_tf.io import files
from electra_tf.text.vocabulary import CONTINUATION

SEED = 0  # Of the inputs that the model and the exported one get.
BATCHES = (1, 3)
# Of the places of a beam, those with lower scores are float noise.
LIKELY = -500.0
ONNX_OPSET = 17


class Exporter(abc.ABC):
    """Writes a task of a fine-tuned model to a folder, and runs the result."""

    def __init__(self, path: str, tuned: FinetunedModel, task: FinetunedTask):
        self.path = path
        self.tuned = tuned
        self.task = task
        self.served = Served(tuned, task)

    def file(self, name: str) -> str:
        """Return the path of a file of the folder."""
        return os.path.join(self.path, name)

    def ids_function(self):
        """Return a `tf.function` of token ids, of any batch and length."""
        names = ["input_ids", "input_mask", "segment_ids"]
        if needs_positions(self.task):
            names.append("positions")
        specs = [tf.TensorSpec([None, None], tf.int32, name=n) for n in names]
        return tf.function(
            lambda *tensors: self.served(*tensors),
            input_signature=specs,
            autograph=False,
        )

    def module(self) -> tf.Module:
        """Return a module that keeps the weights and has `ids`."""
        module = tf.Module()
        module.kept = [v.value for v in self.served.variables.values()]
        module.ids = self.ids_function()
        return module

    @abc.abstractmethod
    def write(self) -> list[str]:
        """Write the files; return a line about each."""

    @abc.abstractmethod
    def load(self) -> Callable[..., dict]:
        """Return what was written, as a function like `Served` of arrays."""

    def text_differences(self) -> dict[str, float]:
        """Return `differences` of texts as "SIGNATURE OUTPUT", if any."""
        return {}


class SavedModel(Exporter):
    """SavedModels that take texts, or token ids where there are no text ops.

    DIR/ids_only has the signature

        ids   input_ids, input_mask, segment_ids: int32 (B, L), and for
              tagging positions (B, W): where words begin

    and DIR/texts, for sentences only, has more, for which tensorflow_text must
    be imported where it is loaded: of these what was learnt, or both where that
    is not known; the first is serving_default, too

        text        text: string (B,), of single sentences
        text_pair   text and text_pair
    """

    @property
    def text_signatures(self) -> list[str]:
        """The signatures of texts: what was learnt, both if not known."""
        if self.task.head.kind not in SentenceGraph.KINDS:
            return []
        names = {False: ["text"], True: ["text_pair"]}
        return names.get(self.task.has_pairs, ["text", "text_pair"])

    def write(self) -> list[str]:
        """Write DIR/ids_only and, for sentences, DIR/texts."""
        lines = [self._save("ids_only", self.module(), {})]
        if self.text_signatures:
            module = self.module()
            graph = SentenceGraph(self.tuned, self.task, self.served)
            module.graph = graph
            texts = {
                name: getattr(graph, name) for name in self.text_signatures
            }
            first = next(iter(texts.values()))
            named = {"serving_default": first, **texts}
            lines.append(self._save("texts", module, named))
        return lines

    def _save(self, name: str, module: tf.Module, texts: dict) -> str:
        signatures = {"ids": module.ids, "serving_default": module.ids} | texts
        tf.saved_model.save(module, self.file(name), signatures=signatures)
        return f"{self.file(name)}: signatures {', '.join(signatures)}"

    def load(self) -> Callable[..., dict]:
        """Return the `ids` signature."""
        return self._load("ids_only", "ids")

    def _load(self, name: str, signature: str) -> Callable[..., dict]:
        loaded = tf.saved_model.load(self.file(name))

        def computed(**inputs) -> dict:
            # Not the signature alone: its variables live as long as `loaded`.
            tensors = {name: tf.constant(v) for name, v in inputs.items()}
            found = loaded.signatures[signature](**tensors)
            return {name: values.numpy() for name, values in found.items()}

        return computed

    def text_differences(self) -> dict[str, float]:
        """Return those of DIR/texts."""
        return {
            f"{signature} {output}": difference
            for signature in self.text_signatures
            for output, difference in text_differences(
                self._load("texts", signature), self.tuned, self.task, signature
            ).items()
        }


class Onnx(Exporter):
    """DIR/model.onnx; onnxruntime runs it."""

    def write(self) -> list[str]:
        """Write the file; say its inputs."""
        import tf2onnx

        function, file = self.ids_function(), self.file("model.onnx")
        model, _ = tf2onnx.convert.from_function(
            function,
            input_signature=function.input_signature,
            opset=ONNX_OPSET,
            custom_op_handlers={"Erfc": (_erfc, [])},
        )
        _name_axes(model.graph)
        files.write(file, model.SerializeToString())
        inputs = ", ".join(value.name for value in model.graph.input)
        return [f"{file}: opset {ONNX_OPSET}, inputs {inputs}"]

    def load(self) -> Callable[..., dict]:
        """Return what onnxruntime computes."""
        import onnxruntime

        session = onnxruntime.InferenceSession(
            self.file("model.onnx"), providers=["CPUExecutionProvider"]
        )
        names = [output.name for output in session.get_outputs()]
        return lambda **inputs: dict(
            zip(names, session.run(names, inputs), strict=True)
        )


def _name_axes(graph) -> None:
    """Call the open axes batch and length; those of words to tag, words."""
    for value in graph.input:
        last = "words" if value.name == "positions" else "length"
        for axis, name in zip(
            value.type.tensor_type.shape.dim, ("batch", last), strict=True
        ):
            axis.dim_param = name
    for value in graph.output:
        axes = value.type.tensor_type.shape.dim
        if axes and not axes[0].dim_value:
            axes[0].dim_param = "batch"


def _erfc(graph, node, name: str, arguments: list) -> None:
    """Replace Erfc, which GELU is made of and ONNX does not have."""
    one = graph.make_const(f"{name}_one", np.array(1, np.float32))
    erf = graph.make_node("Erf", node.input)
    complement = graph.make_node("Sub", [one.output[0], erf.output[0]])
    graph.replace_all_inputs(node.output[0], complement.output[0])
    graph.remove_node(node.name)


class LiteRT(Exporter):
    """DIR/model.tflite, of LiteRT (TensorFlow Lite)."""

    def write(self) -> list[str]:
        """Write the file; say its signature."""
        module, file = self.module(), self.file("model.tflite")
        converter = tf.lite.TFLiteConverter.from_concrete_functions(
            [module.ids.get_concrete_function()], module
        )
        files.write(file, converter.convert())
        return [f"{file}: signature serving_default"]

    def load(self) -> Callable[..., dict]:
        """Return what the interpreter computes."""
        with warnings.catch_warnings():
            # It asks for another package, which is for users to choose.
            warnings.filterwarnings(
                "ignore", r"\s*Warning: tf.lite.Interpreter"
            )
            interpreter = tf.lite.Interpreter(self.file("model.tflite"))
        runner = interpreter.get_signature_runner()
        return lambda **inputs: runner(
            **{name: np.ascontiguousarray(v) for name, v in inputs.items()}
        )


def differences(
    exported: Callable[..., dict], tuned: FinetunedModel, task: FinetunedTask
) -> dict[str, float]:
    """Return the largest difference of each output, over two batches.

    It is relative to numbers above 1, absolute below. `exported` is a function
    like `Served`, from arrays to arrays by name.

    Raises:
        UserError: when the exported model has other outputs.
    """
    served = Served(tuned, task)
    found: dict[str, float] = {}
    for number, batch_size in enumerate(BATCHES):
        inputs = random_inputs(tuned, task, batch_size, number)
        expected = {k: v.numpy() for k, v in served(**inputs).items()}
        received = exported(**inputs)
        if received.keys() != expected.keys():
            raise UserError(
                f"Expected the outputs {', '.join(sorted(expected))}. "
                f"Received: {', '.join(sorted(received))}."
            )
        _widen(found, expected, received)
    return found


def text_differences(
    exported: Callable[..., dict],
    tuned: FinetunedModel,
    task: FinetunedTask,
    signature: str,
) -> dict[str, float]:
    """Return the largest difference of each output of the head, over texts.

    `exported` is a function of arrays of texts: `text` alone, or for the
    signature `text_pair` that too.
    """
    served, encode = Served(tuned, task), tuned.tokenizer.encode
    texts = random_texts(tuned)
    seconds = texts[::-1] if signature == "text_pair" else [""] * len(texts)
    asked = {"text": texts, "text_pair": seconds}
    received = exported(
        **{
            name: np.array([text.encode() for text in values], object)
            for name, values in asked.items()
            if name in ("text", signature)
        }
    )
    found: dict[str, float] = {}
    for place, pair in enumerate(zip(texts, seconds, strict=True)):
        row = pair_input(
            *map(encode, pair), tuned.settings.max_seq_length, tuned.tokenizer
        )
        ids, segments = (
            np.array([row[name]], np.int32)
            for name in ("input_ids", "segment_ids")
        )
        outputs = served(ids, np.ones_like(ids), segments)
        expected = {name: v.numpy() for name, v in outputs.items()}
        there = {name: received[name][place : place + 1] for name in expected}
        _widen(found, expected, there)
    return found


def random_texts(tuned: FinetunedModel) -> list[str]:
    """Return texts of random tokens in both cases, some too long, and more.

    What comes last is hard for tokenizers: letters whose lower case depends
    on language or neighbours, accents, ideographs, unknown words, nothing.
    """
    draw = np.random.default_rng((SEED, len(BATCHES)))
    tokens = [t.removeprefix(CONTINUATION) for t in tuned.tokenizer.vocab]
    most = tuned.settings.max_seq_length
    texts = [" ".join(draw.choice(tokens, n)) for n in (5, most, 3 * most)]
    texts += [text.upper() for text in texts]
    return [*texts, "AI İI ΟΔΟΣ' É e\u0301, 中文\x00\u200b" + "x" * 300, ""]


def _widen(found: dict[str, float], expected: dict, received: dict) -> None:
    """Raise the largest differences that were found to those of two outputs."""
    for name in expected:
        distance = _distance(name, expected, received)
        # NumPy's maximum keeps NaN, Python's loses it.
        found[name] = float(np.maximum(found.get(name, 0.0), distance))


def _distance(name: str, expected: dict, received: dict) -> float:
    values = expected[name].astype(np.float64)
    distance = np.abs(received[name] - values)
    if name.endswith("_top_index"):
        scores = expected[name.replace("_index", "_log_probs")]
        return float(np.max(distance[scores > LIKELY], initial=0.0))
    return float(np.max(distance / np.maximum(np.abs(values), 1.0)))


def random_inputs(
    tuned: FinetunedModel, task: FinetunedTask, batch_size: int, number: int
) -> dict[str, np.ndarray]:
    """Return a batch of random tokens; the last row is half as long."""
    draw = np.random.default_rng((SEED, number)).integers
    length = max(tuned.settings.max_seq_length // (1 + number), 3)
    shape = (batch_size, length)
    ids = draw(tuned.encoder.vocab_size, size=shape, dtype=np.int32)
    mask = np.ones_like(ids)
    mask[-1, length - length // 2 :] = 0
    segments = np.zeros_like(ids)
    segments[:, length // 3 :] = 1
    inputs = {
        "input_ids": ids * mask,
        "input_mask": mask,
        "segment_ids": segments * mask,
    }
    if needs_positions(task):
        words = np.arange(1, length - length // 2, dtype=np.int32)
        inputs["positions"] = np.tile(words, (batch_size, 1))
    return inputs
