"""Names and forms that Hugging Face's transformers gives to the variables.

Their sentence head is `out_proj(gelu(dense(x)))`, ours `kernel^T x + bias`, or
theirs where it was read from them: then it has the layer `hidden`.
Far enough above 0 the GELU is the identity, and x comes out of a layer
normalisation, so none of its numbers is below -(|gamma| sqrt(H) + |beta|).
With the identity as dense layer's matrix and that bound (and a bit more) as
its bias, theirs is ours, once `out_proj`'s bias takes the shift back. What is
lost is rounding: about 1e-5 in the logits. It is for prediction: dropout
between their layers would act on shifted numbers, so the config that goes with
it has none.

H hidden size, C labels.
"""

import typing
from collections.abc import Mapping

import numpy as np

from electra_tf.configs import EncoderConfig
from electra_tf.conversion import layout
from electra_tf.conversion.model import (
    DISCRIMINATOR_HEAD,
    GENERATOR_HEAD,
    MAIN,
    TASKS,
    Model,
    ModelConfig,
    check_depth,
    renamed,
    shapes_of,
)
from electra_tf.errors import UserError

# GELU(6) is 6 up to a relative error of 1e-9, below float32's resolution.
LINEAR_FROM = 6.0
HIDDEN = "hidden"
HIDDEN_LAYER, OUTPUT_LAYER = "classifier.dense", "classifier.out_proj"
SUMMARY_LAYER = "sequence_summary.summary"


class Part(typing.NamedTuple):
    """The part of a model that one of their folders holds."""

    architecture: str  # Their class.
    head: str  # Our name of what is on the encoder; "" for nothing.
    layer: str = ""  # Their name of a task's head, where that is it.
    hidden: str = ""  # And of the layer before it, where there is one.


PARTS = {
    "encoder": Part("ElectraModel", ""),
    "discriminator": Part("ElectraForPreTraining", DISCRIMINATOR_HEAD),
    "generator": Part("ElectraForMaskedLM", GENERATOR_HEAD),
    "classification": Part(
        "ElectraForSequenceClassification", TASKS, OUTPUT_LAYER, HIDDEN_LAYER
    ),
    "multiple_choice": Part(
        "ElectraForMultipleChoice", TASKS, "classifier", SUMMARY_LAYER
    ),
    "token_classification": Part(
        "ElectraForTokenClassification", TASKS, "classifier"
    ),
    "question_answering": Part(
        "ElectraForQuestionAnswering", TASKS, "qa_outputs"
    ),
}
# The first parts of their names that stand for a head.
THEIR_HEADS = (
    DISCRIMINATOR_HEAD,
    GENERATOR_HEAD,
    "generator_lm_head",
    "classifier",
    "qa_outputs",
    "sequence_summary",
)
# From our names to theirs. Their generator's output matrix has none: it is the
# word embeddings.
RULES = (
    (
        f"^{DISCRIMINATOR_HEAD}/dense_1/",
        f"{DISCRIMINATOR_HEAD}/dense_prediction/",
    ),
    (f"^{GENERATOR_HEAD}/output_bias$", "generator_lm_head/bias"),
    (r"encoder/layer_(\d+)/", r"encoder/layer/\1/"),
    ("_embeddings$", "_embeddings/weight"),
    ("/(kernel|gamma)$", "/weight"),
    ("/beta$", "/bias"),
    ("/", "."),
)


def their_name(part: str, ours: str) -> str:
    """Return their name of an array of a part.

    >>> their_name("encoder", "electra/embeddings/LayerNorm/gamma")
    'embeddings.LayerNorm.weight'
    >>> their_name("question_answering", "task_specific/squad/dense/bias")
    'qa_outputs.bias'
    """
    rules = [
        (f"^{TASKS}/.+/dense/", f"{PARTS[part].layer}/"),
        (f"^{TASKS}/.+/{HIDDEN}/", f"{PARTS[part].hidden}/"),
        *RULES,
    ]
    if part == "encoder":
        rules.insert(0, (f"^{MAIN}/", ""))
    return renamed(ours, rules)


def to_theirs(model: Model, part: str, task: str) -> dict[str, np.ndarray]:
    """Return a model's arrays in their names and orientation.

    The model must have nothing but the part; `task` is the name of its head.
    """
    has_hidden = HIDDEN in model.config.tasks.get(task, ())
    if (has_hidden and not PARTS[part].hidden) or (
        part == "multiple_choice" and not has_hidden
    ):
        raise UserError(
            f"The head of {task} has {'a' if has_hidden else 'no'} hidden "
            f"layer, unlike that of {PARTS[part].architecture}. Choose another "
            f"--part. Received: {part}."
        )
    arrays = {
        their_name(part, name): np.ascontiguousarray(_turned(name, array))
        for name, array in model.variables.items()
    }
    if part == "classification" and HIDDEN not in model.config.tasks[task]:
        kernel, bias = _linear(model.variables, task)  # [H, C], [C]
        shift = _shift(model.variables, model.config.encoder)
        arrays |= {
            f"{HIDDEN_LAYER}.weight": np.eye(len(shift), dtype=np.float32),
            f"{HIDDEN_LAYER}.bias": shift,
            f"{OUTPUT_LAYER}.bias": np.float32(bias - shift @ kernel),
        }
    return arrays


def to_ours(
    path: str, part: str, task: str, encoder: EncoderConfig, arrays: dict
) -> dict[str, np.ndarray]:
    """Return their arrays under our names, after checking all of them.

    Args:
        path: where they were read, for messages.
        part: key of `PARTS`.
        task: name that a head gets.
        encoder: its shape.
        arrays: theirs by name.

    Raises:
        UserError: when names or shapes do not fit.
    """
    check_depth(path, encoder, arrays)
    shapes = _shapes(part, task, encoder, arrays)
    expected = {
        their_name(part, name): shape[::-1] if _is_turned(name) else shape
        for name, shape in shapes.items()
    }
    layout.check(expected, shapes_of(arrays), path)
    variables = {
        name: _turned(name, arrays[their_name(part, name)]) for name in shapes
    }
    if part == "classification" and _only_shifts(variables, task, encoder):
        return _without_hidden_layer(variables, task)
    return variables


def _is_turned(name: str) -> bool:
    """Return whether they keep an array of ours the other way round."""
    return name.endswith("/kernel")


def _turned(name: str, array: np.ndarray) -> np.ndarray:
    return array.T if _is_turned(name) else array


def _shapes(
    part: str, task: str, encoder: EncoderConfig, arrays: Mapping
) -> layout.Shapes:
    """Return the shapes of a part's arrays by our names."""
    head = PARTS[part].head
    if head != TASKS:
        return ModelConfig(encoder, parts=(head,) if head else ()).shapes
    outputs = np.shape(arrays.get(f"{PARTS[part].layer}.weight", []))[:1]
    size = encoder.hidden_size
    if part == "question_answering":
        outputs = (2,)  # Starts and ends.
    layers = {"dense": (size, *(outputs or (0,)))}
    if PARTS[part].hidden:
        layers[HIDDEN] = (size, size)
    return ModelConfig(encoder, tasks={task: layers}).shapes


def _only_shifts(variables: Mapping, task: str, config: EncoderConfig) -> bool:
    """Return whether a head's hidden layer is the one that `to_theirs` made."""
    kernel, shift = _linear(variables, task, HIDDEN)  # [H, H], [H]
    identity = np.eye(len(shift), dtype=np.float32)
    enough = np.all(shift >= _shift(variables, config))
    return np.array_equal(kernel, identity) and enough


def _without_hidden_layer(variables: dict, task: str) -> dict:
    """Return the variables with the shift in the output layer's bias."""
    kernel, bias = _linear(variables, task)  # [H, C], [C]
    _, shift = _linear(variables, task, HIDDEN)
    hidden = f"{TASKS}/{task}/{HIDDEN}/"
    rest = {n: v for n, v in variables.items() if not n.startswith(hidden)}
    total = bias + shift.astype(np.float64) @ kernel
    return {**rest, f"{TASKS}/{task}/dense/bias": np.float32(total)}


def _linear(
    variables: Mapping, task: str, layer: str = "dense"
) -> tuple[np.ndarray, np.ndarray]:
    name = f"{TASKS}/{task}/{layer}"
    return variables[f"{name}/kernel"], variables[f"{name}/bias"]


def _shift(variables: Mapping, config: EncoderConfig) -> np.ndarray:
    """Return what makes the last layer's output large enough, `(H,)`."""
    last = config.num_hidden_layers - 1
    name = f"{MAIN}/encoder/layer_{last}/output/LayerNorm"
    gamma, beta = variables[f"{name}/gamma"], variables[f"{name}/beta"]
    # The largest of H numbers with mean 0 and variance 1 is below sqrt(H).
    bound = np.abs(gamma) * np.sqrt(len(gamma)) + np.abs(beta)
    return np.float32(bound + LINEAR_FROM)
