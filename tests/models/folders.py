"""Folders of tiny models to load."""

import pathlib

import keras

from electra_tf.conversion import model_folder
from electra_tf.models.pretraining import Pretraining
from electra_tf.models.tokenizer import Tokenizer
from tests import tiny

WORDS = "a good bad film is what the old new ? . , b d ##s ##e"
VOCAB = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS.split()]
SETTINGS = {
    "max_seq_length": 16,
    "train_batch_size": 4,
    "embedding_size": 4,
    "generator_hidden_size": 0.5,
    "model_hparam_overrides": {
        "hidden_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "max_position_embeddings": 32,
    },
}


def tokenizer(folder: pathlib.Path) -> Tokenizer:
    path = folder / "vocab.txt"
    path.write_text("\n".join(VOCAB))
    return Tokenizer(str(path))


def pretrained(folder: pathlib.Path) -> pathlib.Path:
    """Write both networks of pre-training, with random weights."""
    keras.utils.set_random_seed(1)
    made = Pretraining(tokenizer(folder), **SETTINGS)
    model_folder.write(str(folder / "model"), made.model())
    return folder / "model"


def eager_models(folder):
    """Return a function that makes models of random weights, run eagerly."""
    known = tokenizer(folder)
    keras.utils.set_random_seed(1)

    def of(kind, /, **arguments):
        config = tiny.encoder(num_hidden_layers=1)
        model = kind(config, tokenizer=known, max_length=8, **arguments)
        model.compile("sgd", run_eagerly=True)
        return model

    return of
