"""Scores texts by how likely a pre-trained model finds each token.

A scoring method is a function from a `Pretrainer` and a `Batch` to float32
`(B, L)`: the logarithm of each token's probability given all others, as far as
the model knows it. Methods differ in cost: one pass, or one for each token.

B batch, L length, V vocabulary.
"""

import math
import os
import typing
from collections.abc import Callable

import numpy as np
from keras import ops

from electra_tf.configs import PretrainingConfig, encoder_config
from electra_tf.conversion import compatibility, model_folder, staging
from electra_tf.conversion.model import (
    CLOZE_HEAD,
    DISCRIMINATOR_HEAD,
    GENERATOR_HEAD,
    ModelConfig,
)
from electra_tf.errors import UserError
from electra_tf.pretraining import build, detector, inputs
from electra_tf.pretraining.masking import Batch, Masked
from electra_tf.pretraining.objectives import token_losses
from electra_tf.pretraining.pretrainer import Pretrainer
from electra_tf.text.tokenization import Tokenizer
from electra_tf.text.unknown import Counts, counts_of
from electra_tf.weights import assign


def energies(pretrainer, batch: Batch):
    """Score by Electric's negated energies, in one pass.

    Unnormalised: they differ from log-probabilities by the logarithm of a
    partition function that is close to 1 (Electric, section 2).
    """
    return -_fake_logits(pretrainer, batch)


def cloze(pretrainer, batch: Batch):
    """Score by two towers, which never see the token, in one pass."""
    logits = _generate(pretrainer, batch, 1).cloze_logits
    return -token_losses(logits, batch.input_ids)


def masked_language_model(pretrainer, batch: Batch):
    """Score by masking one token after another (Salazar et al., 2020)."""
    columns = [
        -token_losses(
            _generate(pretrainer, batch, place).logits,
            batch.input_ids[:, place : place + 1],
        )
        for place in range(1, batch.input_ids.shape[1] - 1)
    ]
    # Neither [CLS] nor what can only be [SEP] or padding is a word.
    return ops.pad(ops.concatenate(columns, axis=1), ((0, 0), (1, 1)))


def electra(pretrainer, batch: Batch):
    """Score by generator times discriminator (ELECTRA, appendix G)."""
    # In one pass with two towers; else in one for each token.
    towers = _has_towers(pretrainer.config)
    generate = cloze if towers else masked_language_model
    return log_data_probabilities(
        _fake_logits(pretrainer, batch),
        generate(pretrainer, batch),
        pretrainer.config.mask_prob,
    )


def log_data_probabilities(fake_logits, log_generator, mask_prob: float):
    """Combine generator and discriminator to log-probabilities of the data.

    p = D q / (a (1 - D) + q) with a = (1 - m) / m, where D is the probability
    that a token is original, q the generator's of it, and m the share of
    tokens that are masked (ELECTRA, appendix G). Given are the discriminator's
    logits of a token's having been replaced, log q, and m.

    Example: the discriminator of a token that the data has half of the time,
    the generator always, is right to say D = 2/3 at m = 1/2.

    >>> p = log_data_probabilities(np.log(0.5), np.log(1.0), mask_prob=0.5)
    >>> round(float(np.exp(p)), 6)
    0.5
    """
    odds = math.log((1 - mask_prob) / mask_prob)
    log_original = -ops.softplus(fake_logits)
    log_fake = -ops.softplus(-fake_logits)
    log_sum = ops.logaddexp(odds + log_fake, log_generator)
    return log_original + log_generator - log_sum


class Method(typing.NamedTuple):
    """A row of `METHODS`."""

    score: Callable
    # Whether the model of a config has the networks that are needed.
    fits: Callable[[PretrainingConfig], bool]


def _has_towers(config: PretrainingConfig) -> bool:
    return config.generator == "two_towers"


METHODS = {
    "electric": Method(energies, lambda config: config.detects),
    "two_tower": Method(cloze, _has_towers),
    "masked_lm": Method(
        masked_language_model,
        lambda config: config.trains_generator and not _has_towers(config),
    ),
    "electra": Method(
        electra, lambda config: config.detects and config.trains_generator
    ),
}


def _generate(pretrainer, batch: Batch, place: int):
    """Run the generator with one position hidden."""
    size, length = ops.shape(batch.input_ids)
    here = ops.arange(length, dtype="int32")[None] == place
    mask_id = pretrainer.masking.special.mask_id
    masked = Masked(
        input_ids=ops.where(here, mask_id, batch.input_ids),
        positions=ops.full((size, 1), place, "int32"),
        ids=batch.input_ids[:, place : place + 1],
        weights=ops.ones((size, 1), "float32"),
    )
    return pretrainer.generator(batch, masked, None)


def _fake_logits(pretrainer, batch: Batch):
    """Return the discriminator's logits `(B, L)`, without those of noise."""
    hidden = pretrainer.main(
        batch.input_ids,
        input_mask=batch.input_mask,
        segment_ids=batch.segment_ids,
    ).sequence_output
    return pretrainer.head.head(hidden)


def load(path: str) -> tuple[Pretrainer, Tokenizer]:
    """Load a run, or a model folder that scores tokens, and its tokenizer."""
    with staging.at_hand(path) as here:
        if not model_folder.is_model_folder(here):
            return detector.load(here)
        model = model_folder.read(here)
        vocab_file = os.path.join(here, model_folder.VOCAB_FILE)
        tokenizer = Tokenizer.of(vocab_file, model.config)
        config = _config(here, model.config, vocab_file)
        pretrainer = build.new_pretrainer(config, tokenizer)
        assign(pretrainer.variables, model.variables)
        return pretrainer, tokenizer


def _config(path: str, model: ModelConfig, vocab_file: str):
    """Return a config that builds the networks of a model folder."""
    detects = DISCRIMINATOR_HEAD in model.parts
    config = PretrainingConfig(
        data_dir=path,
        model_name=os.path.basename(path),
        vocab_file=vocab_file,
        max_seq_length=model.encoder.max_position_embeddings,
        objective="rtd" if detects else "mlm",
        **model.settings,
    )
    if not {GENERATOR_HEAD, CLOZE_HEAD} & set(model.parts):
        if not detects:
            raise UserError(
                f"{path} has neither generator nor discriminator. It has: "
                f"{', '.join(model.parts) or 'an encoder alone'}."
            )
        return config.replace(generator="uniform")
    settings = compatibility.generator_settings(config, model)
    return compatibility.merged(config, settings)


class TextScorer:
    """Scores texts by a row of `METHODS`; UserError if it does not fit."""

    def __init__(
        self,
        pretrainer: Pretrainer,
        tokenizer: Tokenizer,
        method: str | None = None,
        batch_size: int = 1,
    ):
        self.pretrainer = pretrainer
        self.tokenizer = tokenizer
        self.batch_size = batch_size
        self.longest = encoder_config(pretrainer.config).max_position_embeddings
        self.score = _fitting_method(pretrainer.config, method)
        self.unknown = Counts()  # Of all texts.

    def ids(self, text: str) -> list[int]:
        """Return the ids of a text; `UserError` for none, and for too many."""
        ids = self.tokenizer.encode(text)
        if not ids:
            raise UserError("the text has no token, and so no score.")
        return self._checked(ids)

    def scores(self, ids: list[list[int]]) -> list[tuple]:
        """Return for the ids of each text its word pieces and their scores."""
        found = []
        for first in range(0, len(ids), self.batch_size):
            some = ids[first : first + self.batch_size]
            scores = self.score(self.pretrainer, self._batch(some)).numpy()
            for row, one in zip(scores, some, strict=True):
                pieces = [self.tokenizer.tokens[number] for number in one]
                of_text = row[1 : 1 + len(one)].astype(float).tolist()
                found.append((pieces, of_text))
        return found

    def fill(self, before: str, after: str, candidates: int):
        """Return the likeliest tokens between two texts (ELECTRA, appendix G).

        The generator proposes so many candidates, and the discriminator, where
        there is one, reads each in its place.

        Returns pairs of a token and its probability, the likeliest first.

        Raises:
            UserError: for a text that is too long.
        """
        left, right = map(self.tokenizer.encode, (before, after))
        ids = [*left, self.tokenizer.mask_id, *right]
        batch = self._batch([self._checked(ids)])
        place = 1 + len(left)
        logits = _generate(self.pretrainer, batch, place).logits[0, 0]
        scores, found = ops.top_k(
            ops.log_softmax(logits), min(candidates, logits.shape[0])
        )
        found = ops.convert_to_numpy(found)
        if self.pretrainer.config.detects:
            repeated = (np.repeat(x, len(found), axis=0) for x in batch)
            filled = Batch(*repeated)
            filled.input_ids[:, place] = found
            scores = log_data_probabilities(
                _fake_logits(self.pretrainer, filled)[:, place],
                scores,
                self.pretrainer.config.mask_prob,
            )
        probabilities = np.exp(ops.convert_to_numpy(scores))
        return [
            (self.tokenizer.tokens[found[i]], float(probabilities[i]))
            for i in np.argsort(-probabilities, kind="stable")
        ]

    def _checked(self, ids: list[int]) -> list[int]:
        self.unknown += counts_of(ids, self.tokenizer)
        if len(ids) + 2 > self.longest:
            raise UserError(
                f"the text has {len(ids)} tokens; the model reads "
                f"{self.longest - 2}. Split the text."
            )
        return ids

    def _batch(self, texts: list[list[int]]) -> Batch:
        longest = max(1, *map(len, texts)) + 2  # Texts may be empty.
        return inputs.batch_of_ids(texts, self.tokenizer, longest)


def _fitting_method(config: PretrainingConfig, method: str | None) -> Callable:
    """Return the function of a method, or of the objective's best one."""
    if method is None:
        best = "electra" if config.detects else "masked_lm"
        method = config.objective if config.objective in METHODS else best
    fitting = [name for name, row in METHODS.items() if row.fits(config)]
    if method not in fitting:
        raise UserError(
            f"method {method!r} does not fit a model of objective "
            f"{config.objective!r} and generator {config.generator!r}. Those "
            f"that do: {', '.join(fitting)}."
        )
    return METHODS[method].score
