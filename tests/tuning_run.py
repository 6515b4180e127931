"""A tiny task of one's own, fine-tuned by run_finetuning.py."""

import json

import pytest

import run_finetuning
from tests.finetuning import sentences

ROWS = {"good": "pos", "very good": "pos", "bad": "neg", "very bad": "neg"}


def flags_in(tmp_path) -> dict:
    """Flags for a tiny model from scratch, and a tiny task of one's own."""
    sentences.vocab_file(tmp_path)
    lines = [f"a {text} film\t{label}" for text, label in ROWS.items()]
    for name, copies in {"train": 16, "dev": 2}.items():
        text = "\n".join(["text\tlabel", *(lines * copies)])
        (tmp_path / f"{name}.tsv").write_text(text + "\n")
    overrides = {"hidden_size": 16, "num_hidden_layers": 1}
    return {
        "data_dir": tmp_path,
        "model_name": "tiny",
        "task_names": "classification",
        "train_file": tmp_path / "train.tsv",
        "dev_file": tmp_path / "dev.tsv",
        "text_column": "text",
        "label_column": "label",
        "from_scratch": "true",
        "vocab_size": sentences.VOCAB_SIZE,
        "embedding_size": 8,
        "max_seq_length": 16,
        "model_hparam_overrides": json.dumps(overrides),
    }


def arguments(flags: dict) -> list[str]:
    return ["run_finetuning.py", *(f"--{k}={v}" for k, v in flags.items())]


def error_of(flags: dict) -> str:
    """Run in this process, up to the mistake."""
    with pytest.raises(SystemExit) as stopped:
        run_finetuning.main(arguments(flags))
    return str(stopped.value)
