"""Model cards: the README.md of a folder of weights, in the hub's format.

What the weights do not tell is left to be filled in: data, scores, licence.
"""

import math
import os

from electra_tf.conversion.model import Model
from electra_tf.efficiency import flops
from electra_tf.io import files

CARD_FILE = "README.md"
LENGTH = 128  # Tokens of the input whose operations are counted.

OURS = """\
```python
import electra_tf

encoder = electra_tf.load_encoder("FOLDER")
```

For transformers: `python -m electra_tf.conversion.convert --from FOLDER --to HF
--format hugging_face`."""
TUNED = """\
```python
import electra_tf

predict = electra_tf.load_predictor("FOLDER"{0})
predict([{1}])
```

For transformers: `python -m electra_tf.finetuning.export --model_folder FOLDER
--to HF --format hugging_face`."""
_ASK = '("a question?", "the passage that answers it")'
# What a fine-tuned model is asked, by the kind of its head, and whether it has
# learnt texts with a second one.
_ASKED = {
    "joint_question_answering": (_ASK, _ASK),
    "independent_question_answering": (_ASK, _ASK),
    "multiple_choice": (
        '{"text": "a text", "choices": ["one", "another"]}',
        '{"text": "a text", "text_pair": "a question?", '
        '"choices": ["one", "another"]}',
    ),
}
_OF_TEXTS = '"a text"', '("a text", "its second one")'
THEIRS = """\
```python
import transformers

tokenizer = transformers.AutoTokenizer.from_pretrained("FOLDER")
model = transformers.{0}.from_pretrained("FOLDER")
```

With electra_tf: `python -m electra_tf.conversion.convert --from FOLDER --to
OURS`."""


def loading(model: Model) -> str:
    """Return how to load a model from one of our folders, in Markdown."""
    tasks = (model.tasks_json or {}).get("tasks")
    if not tasks:
        return OURS
    task, *others = tasks
    asked = _ASKED.get(task["head"]["kind"], _OF_TEXTS)
    name = f', "{task["name"]}"' if others else ""
    return TUNED.format(name, asked[bool(task.get("has_pairs"))])


def write(path: str, model: Model, loading: str) -> None:
    """Write the card of a model into its folder.

    Args:
        path: the folder.
        model: what is in it.
        loading: how to load it, in Markdown.
    """
    files.write(os.path.join(path, CARD_FILE), card(model, loading))


def card(model: Model, loading: str) -> str:
    """Return the card's text."""
    config = model.config
    encoder = config.encoder
    weights = sum(map(math.prod, config.shapes.values()))
    count = flops.inference_flops(flops.transformer_sizes(encoder, LENGTH))
    rows = {
        "parts": ", ".join(["encoder", *config.parts, *config.tasks]),
        "layers": encoder.num_hidden_layers,
        "hidden size": encoder.hidden_size,
        "embedding size": encoder.embedding_size,
        "attention heads": encoder.num_attention_heads,
        "longest input": f"{encoder.max_position_embeddings} tokens",
        "vocabulary": f"{encoder.vocab_size} word pieces, "
        + ("lower-cased" if config.do_lower_case else "cased"),
        "weights": f"{weights:,}",
        "updates": "unknown" if config.step is None else f"{config.step:,}",
        "operations": f"{count:.3g} FLOPs for {LENGTH} tokens, by the count of "
        "the ELECTRA paper",
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    return f"""\
---
license: unknown # to be filled in, such as apache-2.0
library_name: electra_tf
tags:
- electra
---

# ELECTRA

A text encoder by the method of [ELECTRA](https://arxiv.org/abs/2003.10555).

| | |
|---|---|
{table}

## How to load it

{loading}

## Data

To be filled in: texts, languages, size, licence, and what was removed.

## Scores

To be filled in: tasks, metrics, seeds and spread.
"""
