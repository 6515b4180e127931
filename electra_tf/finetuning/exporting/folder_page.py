"""What lies beside an exported model: what it is, and how to run it.

export.json   kind of head, labels, whether texts were learnt in pairs, longest
              input, inputs and outputs
README.md     a program of some forty lines without this project, that makes the
              inputs which the model learnt from
"""

import os

from electra_tf.configs.tokenizer import TokenizerConfig
from electra_tf.errors import shown
from electra_tf.finetuning.finetuned_model import FinetunedModel, FinetunedTask
from electra_tf.finetuning.tasks.tagging import word_pieces
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
_PAIR_INPUT = """\
def joined(text, second=""):
    # What is too long loses its end, the longer text first.
    one, other = ids(text), ids(second)
    last = [sep] if other else []
    room = about["max_seq_length"] - 2 - len(last)
    one = one[: max(room - len(other), (room + 1) // 2)]
    other = other[: room - len(one)] + last
    return [cls, *one, sep, *other], [0] * (len(one) + 2) + [1] * len(other)
"""
_QUESTION_INPUT = """\
def joined(question, passage):
    one, other = ids(question)[: about["max_query_length"]], ids(passage)
    room = about["max_seq_length"] - 3
    one = one if len(one) < room else one[: room // 2]
    if len(other) > room - len(one):
        raise ValueError("Cut the passage: it has too many tokens.")
    other.append(sep)
    return [cls, *one, sep, *other], [0] * (len(one) + 2) + [1] * len(other)
"""
_WORDS_INPUT = """\
def placed(words):
    row, firsts = [cls], []
    for word in words:
        firsts.append(len(row))
        # A word of which nothing is left is unknown.
        row += ids(word) or [tokenizer.token_to_id("[UNK]")]
    if len(row) >= about["max_seq_length"]:
        raise ValueError("Cut the sentence: it has too many tokens.")
    return [*row, sep], firsts
"""
# By kind of head, where it is not that of pairs.
_INPUTS = {
    "tagging": _WORDS_INPUT,
    "joint_question_answering": _QUESTION_INPUT,
    "independent_question_answering": _QUESTION_INPUT,
}
_PADDED = """

def padded(rows):
    most = max(map(len, rows))
    rows = [[*row, *[0] * (most - len(row))] for row in rows]
    return numpy.array(rows, "int32")

"""


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
        "max_query_length": tuned.settings.max_query_length,
        "inputs": [*inputs, *(["positions"] if tagging else [])],
        "outputs": sorted(outputs),
    }
    files.write_json(os.path.join(path, ABOUT_FILE), about)
    files.write(os.path.join(path, PAGE_FILE), _page(form, tuned, task, about))


def program(form: str, tuned: FinetunedModel, task: FinetunedTask) -> str:
    """Return a program that runs an exported model in its folder."""
    package, run = RUNNERS[form]
    asked, read = READINGS[task.head.kind]
    asked = asked if isinstance(asked, str) else asked[task.has_pairs]
    if task.head.kind == "tagging":
        made = f"""\
rows, firsts = zip(*map(placed, asked))
segments = [[{task.segment}] * len(row) for row in rows]"""
    elif isinstance(READINGS[task.head.kind][0], str):
        made = "rows, segments = zip(*[joined(*pair) for pair in asked])"
    else:
        made = """\
pairs = [(text, "") if isinstance(text, str) else text for text in asked]
rows, segments = zip(*[joined(*pair) for pair in pairs])"""
    positions = ""
    if task.head.kind == "tagging":
        # Where each word begins; 0 fills the rows up.
        positions = '\ninputs["positions"] = padded(firsts)'
    inputs = _INPUTS.get(task.head.kind, _PAIR_INPUT)
    return f"""\
import json
import numpy, {package}, tokenizers

about = json.load(open("{ABOUT_FILE}"))
tokenizer = tokenizers.Tokenizer.from_file("tokenizer.json")
{_tokenizing(tuned, task)}

{inputs}{_PADDED}
asked = {asked}
{made}
inputs = {{
    "input_ids": padded(rows),
    "input_mask": padded([[1] * len(row) for row in rows]),
    "segment_ids": padded(segments),
}}{positions}
{run}
{read}
"""


def _tokenizing(tuned: FinetunedModel, task: FinetunedTask) -> str:
    """Return the lines that make the tokenizer's ids those of ours."""
    config = TokenizerConfig.of(tuned.model.config)
    lower, normalizer = config.do_lower_case, ""
    if task.head.kind == "tagging":
        basic = word_pieces.basic_tokenizer(
            tuned.tokenizer, task.lower_case_words, task.splits_ideographs
        )
        lower = basic.do_lower_case
        splits = task.splits_ideographs and config.tokenize_chinese_chars
        wanted = lower, basic.strip_accents, splits
        if wanted != (
            config.do_lower_case,
            tuned.tokenizer.strip_accents,
            config.tokenize_chinese_chars,
        ):
            normalizer = f"""\
# Words to tag were learnt by other rules than texts.
tokenizer.normalizer = tokenizers.normalizers.BertNormalizer(
    lowercase={lower}, strip_accents={basic.strip_accents},
    handle_chinese_chars={splits})
"""
    # In the package, a capital sigma at a word's end becomes another letter.
    text = "text.lower()" if lower else "text"
    return f"""\
{normalizer}tokenizer.encode_special_tokens = True  # "[MASK]" is text.
cls, sep = map(tokenizer.token_to_id, ("[CLS]", "[SEP]"))


def ids(text):
    return tokenizer.encode({text}, add_special_tokens=False).ids
"""


def _page(
    form: str, tuned: FinetunedModel, task: FinetunedTask, about: dict
) -> str:
    labels = ""
    if task.labels:
        labels = f" with the labels {shown(', '.join(task.labels))}"
    code = program(form, tuned, task)
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

The tokens are those that the model learnt from, but for characters that are
newer than the tables of Unicode in `tokenizers`. Of a long passage or sentence,
which the program refuses, `electra_tf.finetuning.predict` reads overlapping
windows.
"""
