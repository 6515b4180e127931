"""What a pre-trained discriminator sees: sentences with replaced tokens."""

import json
import os
import typing

import numpy as np
import tensorflow as tf

from electra_tf import hparams
from electra_tf.configs import PretrainingConfig
from electra_tf.pretraining import build
from electra_tf.pretraining.masking import Batch
from electra_tf.pretraining.pretrainer import Pretrainer
from electra_tf.randomness import RandomStream
from electra_tf.tokenization import Tokenizer
from electra_tf.training import checkpoints


class Token(typing.NamedTuple):
    """One token of a corrupted sentence.

    Attributes:
        text: the word piece that the discriminator read.
        original: the word piece that stood there.
        probability: float, how sure the discriminator is that it was
            replaced.
    """

    text: str
    original: str
    probability: float

    @property
    def replaced(self) -> bool:
        """Whether it is another word piece than the original."""
        return self.text != self.original


def load(model_dir: str) -> tuple[Pretrainer, Tokenizer]:
    """Load a run's newest weights, and its tokenizer.

    Args:
        model_dir: str, where `run_pretraining.py` wrote.

    Raises:
        FileNotFoundError: when the folder has no config or checkpoint.
    """
    with open(os.path.join(model_dir, "config.json"), encoding="utf-8") as file:
        config = hparams.from_json(PretrainingConfig, json.load(file))
    tokenizer = Tokenizer(config.vocab_file, do_lower_case=config.do_lower_case)
    pretrainer = build.new_pretrainer(config, tokenizer)
    values = checkpoints.read_variables(model_dir)
    checkpoints.assign(pretrainer.variables, values)
    return pretrainer, tokenizer


def corrupt_and_detect(
    pretrainer: Pretrainer, tokenizer: Tokenizer, texts: list[str], seed: int
) -> list[list[Token]]:
    """Let the generator replace tokens and the discriminator look at them.

    Args:
        pretrainer: what `load` returned, with a discriminator.
        tokenizer: what `load` returned.
        texts: sentences; cut at the model's sequence length.
        seed: int, of the masks and samples.

    Returns:
        For each text its tokens, without [CLS] and [SEP].
    """
    batch = _batch(tokenizer, texts, pretrainer.config.max_seq_length)
    output = pretrainer(batch, RandomStream(seed, 0), training=False)
    probabilities = tf.sigmoid(output.disc_logits).numpy()
    corrupted = output.corrupted.input_ids.numpy()
    original = batch.input_ids.numpy()
    lengths = batch.input_mask.numpy().sum(axis=1)
    return [
        [
            Token(
                tokenizer.tokens[corrupted[row, place]],
                tokenizer.tokens[original[row, place]],
                float(probabilities[row, place]),
            )
            for place in range(1, lengths[row] - 1)
        ]
        for row in range(len(texts))
    ]


def _batch(tokenizer: Tokenizer, texts: list[str], length: int) -> Batch:
    """[CLS] text [SEP], padded: int32 `(texts, length)` each."""
    ids = np.full((len(texts), length), tokenizer.pad_id, np.int32)
    mask = np.zeros_like(ids)
    for row, encoded in enumerate(map(tokenizer.encode, texts)):
        tokens = [
            tokenizer.cls_id,
            *encoded[: length - 2],
            tokenizer.sep_id,
        ]
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return Batch(*map(tf.constant, (ids, mask, np.zeros_like(ids))))


def marked(tokens: list[Token], threshold: float) -> str:
    """Write a sentence with its replaced and suspected tokens marked.

    `[new<old]` is a replaced token and what it replaced; `!` and the
    probability follow tokens above the threshold.

    >>> marked([Token("the", "the", 0.1), Token("cat", "dog", 0.9)], 0.5)
    'the [cat<dog]!90%'
    """
    words: list[str] = []
    for token in tokens:
        word = token.text.removeprefix("##")
        if token.replaced:
            word = f"[{word}<{token.original.removeprefix('##')}]"
        if token.probability > threshold:
            word += f"!{token.probability:.0%}"
        if token.text.startswith("##") and words:
            words[-1] += word
        else:
            words.append(word)
    return " ".join(words)
