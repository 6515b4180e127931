"""A tiny vocabulary, model and data for fine-tuning tests."""

import pathlib

from electra_tf.configs import FinetuningConfig
from electra_tf.text.tokenization import Tokenizer
from electra_tf.text.vocabulary import SPECIAL_TOKENS

WORDS = ("good", "bad", "film", "book", "a", "very", "##s", ".")
VOCABULARY = "\n".join((*SPECIAL_TOKENS, *WORDS)) + "\n"
VOCAB_SIZE = len(SPECIAL_TOKENS) + len(WORDS)


def vocab_file(folder: pathlib.Path) -> str:
    """Write the vocabulary into a folder."""
    path = folder / "vocab.txt"
    path.write_text(VOCABULARY)
    return str(path)


def tokenizer(folder: pathlib.Path) -> Tokenizer:
    return Tokenizer(vocab_file(folder))


def config(**changes) -> FinetuningConfig:
    """A config of 2 layers, for the task sst."""
    settings = {
        "data_dir": "unused",
        "model_name": "tiny",
        "task_names": ["sst"],
        "vocab_size": VOCAB_SIZE,
        "embedding_size": 8,
        "max_seq_length": 16,
        "train_batch_size": 4,
        "eval_batch_size": 4,
        "model_hparam_overrides": {
            "hidden_size": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "max_position_embeddings": 32,
        },
    }
    return FinetuningConfig(**{**settings, **changes})
