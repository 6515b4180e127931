"""What lies beside an exported model: what it is, and how to run it.

export.json   kind of head, labels, whether texts were learnt in pairs, longest
              input, inputs and outputs
README.md     a program of some ten lines without this project
"""

import os

from electra_tf.errors import shown
from electra_tf.finetuning.finetuned_model import FinetunedModel, FinetunedTask
from electra_tf.io import files

ABOUT_FILE = "export.json"
PAGE_FILE = "README.md"

# By format: packages, and how to load what computes `outputs` of `inputs`.
RUNNERS = {
    "onnx": (
        "onnxruntime",
        'session = onnxruntime.InferenceSession("model.onnx")\n'
        "names = [output.name for output in session.get_outputs()]\n"
        "outputs = dict(zip(names, session.run(None, inputs)))",
    ),
    "saved_model": (
        "tensorflow",
        'model = tensorflow.saved_model.load("ids_only")\n'
        'outputs = model.signatures["ids"](\n'
        "    **{k: tensorflow.constant(v) for k, v in inputs.items()}\n"
        ")\n"
        "outputs = {name: value.numpy() for name, value in outputs.items()}",
    ),
    "litert": (
        "tensorflow",
        'interpreter = tensorflow.lite.Interpreter("model.tflite")\n'
        "outputs = interpreter.get_signature_runner()(**inputs)",
    ),
}
_ALONE = '["a text", "another one"]'
_PAIRS = '[("a text", "its second one"), ("another", "and its own")]'
# By whether texts were learnt with a second one.
_TEXTS = {
    False: _ALONE,
    True: _PAIRS,
    None: f"{_ALONE}  # Or pairs of texts: {_PAIRS}.",
}
_WORDS = '[["a", "sentence"], ["one", "more"]]  # Words to tag.'
_QUESTIONS = '[("a question", "the passage that answers it")]'
_CHOICE = '[("a text", choice) for choice in ("good", "bad")]'
_CHOICES = {
    False: _CHOICE,
    True: _CHOICE.replace(", choice)", ', f"a question? {choice}")'),
    None: _CHOICE,
}
_LABELS = 'print([about["labels"][i] for i in outputs["logits"].argmax(-1)])'
_SPANS = "print({name: values[0] for name, values in outputs.items()})"
# By kind of head: what is asked, perhaps by `has_pairs`, and how its outputs
# are read.
READINGS = {
    "classification": (_TEXTS, _LABELS),
    "multilabel": (
        _TEXTS,
        'for row in outputs["logits"]:\n'
        '    print([n for n, x in zip(about["labels"], row) if x > 0])',
    ),
    "regression": (
        _TEXTS,
        'low, high = about["scale"]\n'
        'print(low + outputs["predictions"] * (high - low))',
    ),
    "multiple_choice": (
        _CHOICES,
        'shares = numpy.exp(outputs["logits"])\n'
        "print(shares / shares.sum())  # Of the choices of one question.",
    ),
    "tagging": (
        _WORDS,
        'for row, words in zip(outputs["logits"].argmax(-1), asked):\n'
        '    print([about["labels"][i] for i in row[: len(words)]])',
    ),
    "joint_question_answering": (_QUESTIONS, _SPANS),
    "independent_question_answering": (_QUESTIONS, _SPANS),
}
_POSITIONS = """
# Where each word begins; 0 fills the rows up.
firsts = [[e.word_to_tokens(i)[0] for i in range(len(words))]
          for e, words in zip(encoded, asked)]
most = max(map(len, firsts))
inputs["positions"] = numpy.array(
    [row + [0] * (most - len(row)) for row in firsts], "int32"
)"""


def write(
    path: str,
    form: str,
    tuned: FinetunedModel,
    task: FinetunedTask,
    outputs: list[str],
) -> None:
    """Write both files into a folder.

    Args:
        path: the folder, which has a tokenizer.json.
        form: the format, a row of `RUNNERS`.
        tuned, task: what was exported.
        outputs: names of the outputs.
    """
    tagging = task.head.kind == "tagging"
    inputs = ["input_ids", "input_mask", "segment_ids"]
    about = {
        "format": form,
        "task": task.name,
        "kind": task.head.kind,
        "labels": task.labels,
        "scale": task.scale,
        "has_pairs": task.has_pairs,
        "max_seq_length": tuned.settings.max_seq_length,
        "inputs": [*inputs, *(["positions"] if tagging else [])],
        "outputs": sorted(outputs),
    }
    files.write_json(os.path.join(path, ABOUT_FILE), about)
    files.write(os.path.join(path, PAGE_FILE), _page(form, task, about))


def program(form: str, task: FinetunedTask) -> str:
    """Return a program that runs an exported model in its folder."""
    package, run = RUNNERS[form]
    asked, read = READINGS[task.head.kind]
    asked = asked if isinstance(asked, str) else asked[task.has_pairs]
    tagging = task.head.kind == "tagging"
    of_words = ", is_pretokenized=True" if tagging else ""
    lines = f"""\
import json
import numpy, {package}, tokenizers

about = json.load(open("{ABOUT_FILE}"))
tokenizer = tokenizers.Tokenizer.from_file("tokenizer.json")
tokenizer.enable_truncation(about["max_seq_length"])
tokenizer.enable_padding()
asked = {asked}
encoded = tokenizer.encode_batch(asked{of_words})
parts = {{"input_ids": "ids", "input_mask": "attention_mask",
         "segment_ids": "type_ids"}}
inputs = {{name: numpy.array([getattr(e, part) for e in encoded], "int32")
          for name, part in parts.items()}}"""
    if tagging and task.segment:
        lines += '\ninputs["segment_ids"] += inputs["input_mask"]'
    if tagging:
        lines += _POSITIONS
    return f"{lines}\n{run}\n{read}\n"


def _page(form: str, task: FinetunedTask, about: dict) -> str:
    labels = ""
    if task.labels:
        labels = f" with the labels {shown(', '.join(task.labels))}"
    code = program(form, task)
    packages = f"numpy tokenizers {RUNNERS[form][0]}"
    return f"""\
# {task.name}, an ELECTRA as {form}

A model for {task.head.kind.replace("_", " ")}{labels}, exported by electra_tf.

| | |
|---|---|
| inputs | {", ".join(about["inputs"])}: int32 (batch, length) |
| outputs | {", ".join(about["outputs"])} |
| longest input | {about["max_seq_length"]} tokens |

To run it in this folder (`pip install {packages}`):

```python
{code}```
"""
