"""Looks at sentences with a discriminator, and marks suspected tokens."""

import html
import itertools
import typing
from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from electra_tf.configs import PretrainingConfig, hparams
from electra_tf.conversion import formats, model_folder
from electra_tf.conversion import load as loading
from electra_tf.conversion.model import DISCRIMINATOR_HEAD
from electra_tf.errors import UserError
from electra_tf.layers.heads import ReplacedTokenHead
from electra_tf.pretraining import build, inputs
from electra_tf.pretraining.pretrainer import Pretrainer
from electra_tf.randomness import RandomStream
from electra_tf.text.tokenization import Tokenizer
from electra_tf.training import checkpoints
from electra_tf.weights import assign

# Sequences that are corrupted together.
PARTS_TOGETHER = 256
_PAGE_HEAD = """<!doctype html>
<meta charset="utf-8">
<title>Replaced tokens</title>
<style>
body { font: 18px/2 sans-serif; max-width: 45em; margin: 2em auto; }
.t { padding: .1em .15em; border-radius: .2em; }
.r { border-bottom: 3px solid #1a73e8; }
.p { margin-left: -.25em; }
</style>
<p>Red: the probability that a token was replaced, by the discriminator.
Underlined: it was. Point at a token for the number.</p>"""
_COLOUR, _PLAIN = "\x1b[97;41m", "\x1b[0m"


class Token(typing.NamedTuple):
    """One token of a sentence that may be corrupted."""

    text: str  # The word piece that the discriminator read.
    original: str  # The word piece that stood there.
    probability: float  # That it was replaced, by the discriminator.

    @property
    def replaced(self) -> bool:
        """Whether it is another word piece than the original."""
        return self.text != self.original


class Detector:
    """Tells which tokens were replaced; UserError for a model that cannot."""

    def __init__(self, folder: str):
        model = formats.read(folder)
        if DISCRIMINATOR_HEAD not in model.config.parts:
            raise UserError(
                f"{folder} has no discriminator: expected the part "
                f"{DISCRIMINATOR_HEAD}, received "
                f"{', '.join(model.config.parts) or 'an encoder alone'}."
            )
        self.tokenizer = loading.tokenizer(model, folder)
        self.encoder = loading.encoder(model)
        self.head = ReplacedTokenHead(model.config.encoder)
        self.head.build()
        variables = {v.path: v for v in self.head.weights}
        assign(variables, model.variables)
        self._room = model.config.encoder.max_position_embeddings - 2

    def __call__(self, text: str) -> list[Token]:
        """Return the tokens of a text; a long one is read in parts."""
        ids, found = self.tokenizer.encode(text), []
        for part in _parts(ids, self._room):
            found += self.of_ids(part)
        return found

    def of_ids(self, ids: list[int]) -> list[Token]:
        """Return the tokens of ids that fit the model, without [CLS]."""
        tokenizer = self.tokenizer
        row = np.array([[tokenizer.cls_id, *ids, tokenizer.sep_id]], np.int32)
        logits = self.head(self.encoder(row).sequence_output)
        probabilities = tf.sigmoid(logits).numpy()[0, 1:-1]
        tokens = [tokenizer.tokens[number] for number in ids]
        return [
            Token(token, token, float(probability))
            for token, probability in zip(tokens, probabilities, strict=True)
        ]


def load(model_dir: str) -> tuple[Pretrainer, Tokenizer]:
    """Load the newest weights of a run's folder, and its tokenizer."""
    values = model_folder.config_json(model_dir)
    if not values:
        raise FileNotFoundError(f"No run was begun in {model_dir}.")
    if "format" in values:
        raise UserError(
            f"{model_dir} is a model folder, which has no generator to replace "
            "tokens. Give the folder of a run."
        )
    config = hparams.from_json(PretrainingConfig, values)
    tokenizer = Tokenizer.of(config.vocab_file, config)
    pretrainer = build.new_pretrainer(config, tokenizer)
    variables = checkpoints.read_variables(model_dir)
    assign(pretrainer.variables, variables)
    return pretrainer, tokenizer


def corrupt_and_detect(
    pretrainer: Pretrainer, tokenizer: Tokenizer, texts: list[str], seed: int
) -> list[list[Token]]:
    """Let the generator replace tokens and the discriminator look at them.

    Pretrainer and tokenizer are what `load` returned; the seed is that of
    masks and samples. A text that is longer than a sequence is read in parts.
    Returns the tokens of each text, without [CLS] and [SEP].

    Raises:
        UserError: for a model that does not detect replaced tokens.
    """
    config = pretrainer.config
    if not config.detects:
        raise UserError(
            "Only a model that detects replaced tokens marks them. Received "
            f"one of the objective {config.objective!r}."
        )
    length = config.max_seq_length
    parts = [_parts(tokenizer.encode(text), length - 2) for text in texts]
    rows = [*itertools.chain(*parts)]
    found = []
    for start in range(0, len(rows), PARTS_TOGETHER):
        some = rows[start : start + PARTS_TOGETHER]
        batch = inputs.batch_of_ids(some, tokenizer, length)
        output = pretrainer(batch, RandomStream(seed, start), training=False)
        found += _tokens(tokenizer, batch, output)
    left = iter(found)
    return [[t for _ in some for t in next(left)] for some in parts]


def _parts(ids: list[int], room: int) -> list[list[int]]:
    """Cut ids, one part at least."""
    return [ids[i : i + room] for i in range(0, max(len(ids), 1), room)]


def _tokens(tokenizer, batch, output) -> list[list[Token]]:
    """Return the tokens of each sequence of a batch, and what was found."""
    rows = zip(
        batch.input_ids.numpy(),
        output.corrupted.input_ids.numpy(),
        tf.sigmoid(output.disc_logits).numpy(),
        batch.input_mask.numpy().sum(axis=1),
        strict=True,
    )
    pieces = tokenizer.tokens
    return [
        [
            Token(pieces[corrupted[i]], pieces[original[i]], float(found[i]))
            for i in range(1, number - 1)
        ]
        for original, corrupted, found, number in rows
    ]


def coloured(tokens: list[Token], threshold: float) -> str:
    """Write a sentence with the suspected tokens in a terminal's colour.

    >>> coloured([Token("a", "a", 0.1), Token("##b", "##b", 0.9)], 0.5)
    'a\\x1b[97;41mb\\x1b[0m'
    """
    text = ""
    for token in tokens:
        piece = token.text.removeprefix("##")
        text += "" if piece != token.text or not text else " "
        suspected = token.probability > threshold
        text += f"{_COLOUR}{piece}{_PLAIN}" if suspected else piece
    return text


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


def page(texts: Iterable[list[Token]]) -> Iterable[str]:
    """Give the lines of a page of HTML, one for the tokens of each text."""
    yield _PAGE_HEAD
    for tokens in texts:
        # Texts run the way that their script does.
        yield f'<p dir="auto">{" ".join(map(_span, tokens))}</p>'


def _span(token: Token) -> str:
    classes, told = "t", f"{token.probability:.0%}"
    if token.text.startswith("##"):
        classes += " p"
    if token.replaced:
        classes += " r"
        told += f", was {token.original}"
    colour = f"rgba(217, 48, 37, {token.probability:.2f})"
    text = html.escape(token.text.removeprefix("##"))
    return (
        f'<span class="{classes}" style="background: {colour}" '
        f'title="{html.escape(told)}">{text}</span>'
    )
