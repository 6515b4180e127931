"""How likely a model finds each token of a text: a table of ways.

A way is a function from a `Pretrainer` and a `Batch` to float32 `(B, L)`: the
logarithm of each token's probability given all others, as far as the model
knows it. They differ in cost: one pass, or one for each token.

B batch, L length, V vocabulary.
"""

import math

import numpy as np
from keras import ops

from electra_tf.configs.objectives import WITHOUT_NETWORK
from electra_tf.errors import UserError
from electra_tf.pretraining.masking import Batch, Masked
from electra_tf.pretraining.objectives import token_losses


def energies(pretrainer, batch: Batch):
    """Electric: minus the energies, in one pass.

    Unnormalised: they differ from log-probabilities by the logarithm of a
    partition function that is close to 1 (Electric, section 2).
    """
    return -_fake_logits(pretrainer, batch)


def cloze(pretrainer, batch: Batch):
    """Two towers, which never see the token: in one pass."""
    logits = _propose(pretrainer, batch, 1).cloze_logits
    return -token_losses(logits, batch.input_ids)


def masked_language_model(pretrainer, batch: Batch):
    """The masked language model, hiding one token after another.

    Takes a pass for each token (Salazar et al., 2020, "Masked Language Model
    Scoring").
    """
    columns = [
        -token_losses(
            _propose(pretrainer, batch, place).logits,
            batch.input_ids[:, place : place + 1],
        )
        for place in range(1, batch.input_ids.shape[1] - 1)
    ]
    # Neither [CLS] nor what can only be [SEP] or padding is a word.
    return ops.pad(ops.concatenate(columns, axis=1), ((0, 0), (1, 1)))


def electra(pretrainer, batch: Batch):
    """Generator times discriminator (ELECTRA, appendix G).

    In one pass with two towers; a masked language model takes one for each
    token.
    """
    towers = pretrainer.config.generator == "two_towers"
    proposed = cloze if towers else masked_language_model
    return log_data_probabilities(
        _fake_logits(pretrainer, batch),
        proposed(pretrainer, batch),
        pretrainer.config.mask_prob,
    )


def log_data_probabilities(fake_logits, log_generator, mask_prob: float):
    """What generator and discriminator say together of the data.

    p = D q / (a (1 - D) + q) with a = (1 - m) / m, where D is the probability
    that a token is original, q the generator's of it, and m the share of
    tokens that are masked (ELECTRA, appendix G).

    Args:
        fake_logits: float32, of a token's having been replaced.
        log_generator: float32 of the same shape, log q.
        mask_prob: float, m.

    Example: the discriminator of a token that the data has half of the time,
    the generator always, is right to say D = 2/3 at m = 1/2.

    >>> p = log_data_probabilities(np.log(0.5), np.log(1.0), mask_prob=0.5)
    >>> round(float(np.exp(p)), 6)
    0.5
    """
    odds = math.log((1 - mask_prob) / mask_prob)
    log_original = -ops.softplus(fake_logits)
    log_fake = -ops.softplus(-fake_logits)
    return (
        log_original
        + log_generator
        - ops.logaddexp(odds + log_fake, log_generator)
    )


SCORERS = {
    "electric": energies,
    "two_tower": cloze,
    "masked_lm": masked_language_model,
    "electra": electra,
}


def check(pretrainer, method: str) -> None:
    """Check that a model has the networks that a way needs.

    Raises:
        ValueError: saying what it has instead.
    """
    config = pretrainer.config
    towers = config.generator == "two_towers"
    network = config.generator not in WITHOUT_NETWORK
    fits = {
        "electric": config.detects,
        "two_tower": towers,
        "masked_lm": network and not towers,
        "electra": config.detects and network,
    }
    if not fits[method]:
        raise UserError(
            f"method {method!r} does not fit a model of objective "
            f"{config.objective!r} and generator {config.generator!r}. Those "
            f"that do: {', '.join(name for name in fits if fits[name])}."
        )


def default_method(config) -> str:
    """Name the way that fits an objective best.

    Args:
        config: `PretrainingConfig`.
    """
    if config.objective in ("electric", "two_tower"):
        return config.objective
    return "electra" if config.detects else "masked_lm"


def fill(pretrainer, batch: Batch, place: int, candidates: int):
    """Tell what a hidden token was (ELECTRA, appendix G).

    The generator proposes its likeliest tokens, and the discriminator, where
    there is one, reads each in its place.

    Args:
        pretrainer: `Pretrainer` with a masked language model.
        batch: `Batch` of one sequence.
        place: int, where the hidden token stands.
        candidates: int, how many tokens to look at.

    Returns:
        Ids and probabilities of the candidates, the likeliest first; arrays.
    """
    logits = _propose(pretrainer, batch, place).logits[0, 0]
    log_generator = ops.log_softmax(logits)
    log_generator, ids = ops.top_k(
        log_generator, min(candidates, logits.shape[0])
    )
    ids = ops.convert_to_numpy(ids)
    scores = log_generator
    if pretrainer.config.detects:
        rows = np.repeat(np.asarray(batch.input_ids), len(ids), axis=0)
        rows[:, place] = ids
        read = Batch(
            rows,
            *(np.repeat(np.asarray(x), len(ids), axis=0) for x in batch[1:]),
        )
        scores = log_data_probabilities(
            _fake_logits(pretrainer, read)[:, place],
            log_generator,
            pretrainer.config.mask_prob,
        )
    probabilities = np.exp(ops.convert_to_numpy(scores))
    order = np.argsort(-probabilities, kind="stable")
    return ids[order], probabilities[order]


def _propose(pretrainer, batch: Batch, place: int):
    """Proposals of the generator where one position is hidden."""
    size, length = ops.shape(batch.input_ids)
    here = ops.arange(length)[None] == place
    masked = Masked(
        input_ids=ops.where(here, pretrainer.special.mask_id, batch.input_ids),
        positions=ops.full((size, 1), place, "int32"),
        ids=batch.input_ids[:, place : place + 1],
        weights=ops.ones((size, 1)),
    )
    return pretrainer.generator(batch, masked, None)


def _fake_logits(pretrainer, batch: Batch):
    """The discriminator's own logits `(B, L)`, without those of the noise."""
    hidden = pretrainer.main(
        batch.input_ids,
        input_mask=batch.input_mask,
        segment_ids=batch.segment_ids,
    ).sequence_output
    return pretrainer.head.head(hidden)
