"""What heads predict, as Hugging Face's config.json and our tasks.json say.

Theirs has `id2label` and `problem_type` for one head, ours a list of tasks and
the settings that inputs and answers depend on.
"""

import os
from collections.abc import Mapping

from electra_tf.configs.finetuning import QuestionAnsweringSettings
from electra_tf.configs.tasks import TASKS
from electra_tf.conversion import model_folder
from electra_tf.conversion.hugging_face_parts.files import CONFIG_FILE
from electra_tf.conversion.hugging_face_parts.weights import HIDDEN, PARTS
from electra_tf.conversion.model import Model, ModelConfig
from electra_tf.errors import UserError, shown
from electra_tf.text import tag_notation

SHORTEST, LONGEST = 3, 2**31  # Tokens of an input.
_OF_SPAN_HEADS = (
    "answerable_classifier",
    "answerable_uses_start_logits",
    "answerable_weight",
)
# Settings of answers that nothing in their folders tells.
_AS_BY_DEFAULT = (
    "n_best_size",
    "max_answer_length",
    "joint_prediction",
    "answerable_classifier",
    "qa_na_threshold",
    "answer_places",
)

# How ElectraForMultipleChoice makes a vector of an input's: settings of its
# config.json that have these values by default, and no other here.
SUMMARY = {
    "summary_type": "first",
    "summary_use_proj": True,
    "summary_activation": "gelu",
}
# The head of each kind, see `electra_tf.finetuning.heads`: the part that has
# one, and their name of what it is trained for.
KINDS = {
    "classification": ("classification", "single_label_classification"),
    "multilabel": ("classification", "multi_label_classification"),
    "regression": ("classification", "regression"),
    "multiple_choice": ("multiple_choice", None),
    "tagging": ("token_classification", None),
    "independent_question_answering": ("question_answering", None),
}
# What else is known of a task, by the part: a field of our tasks.json that is
# true or false, under its own name in their config.json.
KNOWN = {
    "classification": "has_pairs",
    "multiple_choice": "has_pairs",
    "question_answering": "has_null_answers",
}
# All that is read of their config.json here.
SETTINGS = (
    *("id2label", "label2id", "num_labels", "problem_type"),
    *(*SUMMARY, *dict.fromkeys(KNOWN.values())),
)
# The names of heads that nobody named, by the part.
DEFAULT_TASKS = {
    "classification": "classification",
    "multiple_choice": "multiple_choice",
    "token_classification": "tagging",
    "question_answering": "qa",
}


def default_part(model: Model, task: str | None = None) -> str:
    """Return which of `PARTS` a model is, where nobody says."""
    if model.config.tasks:
        name = task or min(model.config.tasks)
        head = model_folder.task_of(model, name).get("head", {}).get("kind")
        head = head or (TASKS[name].head if name in TASKS else "")
        head = f"independent_{head}" if head == "question_answering" else head
        if head and head not in KINDS:
            raise UserError(
                f"transformers has no ELECTRA with the head {head!r}, which "
                f"{name} has. Train with --joint_prediction=false and "
                "--answerable_classifier=false, or choose --part encoder."
            )
        return KINDS[head][0] if head else "classification"
    for part in ("discriminator", "generator"):
        if PARTS[part].head in model.config.parts:
            return part
    return "encoder"


def config_json(
    size: int, known: Mapping, labels: tuple[str, ...] = ()
) -> dict:
    """Return what their config.json says of a head's outputs.

    Args:
        size: how many there are.
        known: what our tasks.json says of the task; {} for nothing.
        labels: their names; by default those of `known`, or numbers.
    """
    labels = labels or tuple(known.get("labels") or ())
    labels = labels or tuple(f"LABEL_{index}" for index in range(size))
    if len(labels) != size:
        raise UserError(
            f"--labels must name the {size} outputs of the head. Received: "
            f"{', '.join(labels)}."
        )
    _, problem = KINDS.get(known.get("head", {}).get("kind"), ("", None))
    return {
        "id2label": {str(index): label for index, label in enumerate(labels)},
        "label2id": {label: index for index, label in enumerate(labels)},
        **({"problem_type": problem} if problem else {}),
    }


def known_of(part: str, values: Mapping, source: str) -> dict[str, bool]:
    """Return what their config.json or our tasks.json says of `KNOWN`."""
    name = KNOWN.get(part, "")
    if values.get(name) is None:
        return {}
    if not isinstance(values[name], bool):
        raise UserError(
            f"{name} in {source} must be true or false. Received: "
            f"{shown(values[name])}."
        )
    return {name: values[name]}


def tasks_json(
    path: str, values: Mapping, part: str, task: str, config: ModelConfig
) -> dict:
    """Return the content of our tasks.json for their config.json."""
    file = os.path.join(path, model_folder.CONFIG_FILE)
    layers = config.tasks[task]
    size = layers["dense"][1]
    kind, labels = _kind(file, values, part, size), None
    if kind in ("classification", "multilabel", "tagging"):
        labels = _read_labels(file, values, size)
    qa = QuestionAnsweringSettings(
        joint_prediction=False, answerable_classifier=False
    )
    length = min(_most_tokens(path), config.encoder.max_position_embeddings)
    options = {}
    if part == "question_answering":
        options = {name: getattr(qa, name) for name in _OF_SPAN_HEADS}
    elif part == "classification" and HIDDEN in layers:
        options = {"has_hidden_layer": True}
    entry = {
        "name": task,
        "head": {"kind": kind, "size": size, "options": options},
        "labels": labels,
        "scale": [0.0, 1.0] if kind == "regression" else None,
        "lower_case_words": config.do_lower_case,
        "splits_ideographs": True,
        "span_rule": "entities" if _are_spans(labels) else "words",
        "segment": 0,  # As they have it for a text alone.
        **known_of(part, values, file),
    }
    settings = {
        "max_seq_length": length,
        "max_query_length": min(qa.max_query_length, max(length // 2, 1)),
        "doc_stride": min(qa.doc_stride, max(length // 4, 1)),
        **{name: getattr(qa, name) for name in _AS_BY_DEFAULT},
    }
    return model_folder.tasks_json([entry], settings)


def _are_spans(labels: list[str] | None) -> bool:
    """Return whether tags are of spans."""
    return tag_notation.of_labels(labels or ())[0] is not None


def not_of_spans(tasks: Mapping) -> dict[str, str]:
    """Return the labels of a tasks.json that are of no span, and why.

    Nothing where none is.
    """
    found = {}
    for task in tasks["tasks"]:
        if task["head"]["kind"] == "tagging":
            notation, odd = tag_notation.of_labels(task["labels"])
            for label in odd:
                found[f"spans of the label {label}"] = (
                    "it has no position and type as others have, "
                    f"{_like(task['labels'], notation)} for instance; it is "
                    "predicted, and is outside of spans"
                )
    return found


def _like(labels: list[str], notation: tag_notation.Notation) -> str:
    return next(label for label in labels if notation.parts(label))


def _kind(file: str, values: Mapping, part: str, size: int) -> str:
    """Return the kind of a head, a row of `KINDS`."""
    problem = values.get("problem_type")
    outputs = values.get("num_labels")
    if part in ("classification", "token_classification") and (
        outputs not in (None, size)
    ):
        raise UserError(
            f"num_labels in {file} must be the {size} outputs of the head. "
            f"Received: {shown(outputs)}."
        )
    if part == "classification" and problem is None:
        return "regression" if size == 1 else "classification"
    problem = problem if part == "classification" else None
    for kind, row in KINDS.items():
        if row == (part, problem):
            _check_size(file, kind, size)
            return kind
    known = [name for _, name in KINDS.values() if name]
    raise UserError(
        f"problem_type in {file} must be one of {', '.join(known)}. Received: "
        f"{shown(problem)}."
    )


def _check_size(file: str, kind: str, size: int) -> None:
    """Refuse a number that is several, and a choice of one label."""
    if kind in ("classification", "regression") and (
        (size == 1) != (kind == "regression")
    ):
        wanted = "1 output" if kind == "regression" else "2 outputs or more"
        raise UserError(
            f"problem_type {KINDS[kind][1]} in {file} needs {wanted} of the "
            f"head. Received: {size}."
        )


def _read_labels(file: str, values: Mapping, size: int) -> list[str]:
    """Return the names of a head's outputs.

    transformers writes them twice, and as LABEL_0, LABEL_1 and so on where
    nobody names them: these give way to names.
    """
    both = {n: values.get(n) for n in ("id2label", "label2id")}
    given = {n: names for n, names in both.items() if names is not None}
    named = {n: v for n, v in given.items() if not _are_numbers(v)} or given
    found = [_labels_of(file, n, names, size) for n, names in named.items()]
    if found and found[0] != found[-1]:
        raise UserError(
            f"id2label and label2id in {file} must give each label the same "
            f"number. Received: {shown(both)}. Correct the one that is wrong."
        )
    return found[0] if found else [f"LABEL_{index}" for index in range(size)]


def _are_numbers(names) -> bool:
    """Say whether labels have the names of their numbers, either way round."""
    numbers = range(len(names) if isinstance(names, dict) else 0)
    pairs = [{str(number), f"LABEL_{number}"} for number in numbers]
    return bool(pairs) and all(
        {str(key), str(value)} in pairs for key, value in names.items()
    )


def _labels_of(file: str, name: str, given, size: int) -> list[str]:
    """Return the names of outputs from 0 on, by id2label or label2id."""
    if isinstance(given, dict):
        order = 1 if name == "id2label" else -1
        pairs = [pair[::order] for pair in given.items()]
        names = {
            str(number): str(label)
            for number, label in pairs
            if type(label) in (str, int, float)
        }
        labels = [names.get(str(index)) for index in range(size)]
        if len(pairs) == size == len({*labels} - {None}):
            return labels
    raise UserError(
        f"{name} in {file} must name each of the {size} outputs of the head, "
        f"from 0 on, and no two alike. Received: {shown(given)}."
    )


def _most_tokens(path: str) -> int:
    file = os.path.join(path, CONFIG_FILE)
    most = model_folder.read_json(file).get("model_max_length", 512)
    if not isinstance(most, int | float) or not most >= SHORTEST:
        raise UserError(
            f"model_max_length in {file} must be a number of at least "
            f"{SHORTEST}. Received: {shown(most)}."
        )
    return int(min(most, LONGEST))
