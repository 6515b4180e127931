"""Texts to the scores of their tokens, by a model that is loaded."""

import os

from electra_tf.configs import PretrainingConfig, encoder_config
from electra_tf.conversion import compatibility, model_folder
from electra_tf.conversion.model import (
    CLOZE_HEAD,
    DISCRIMINATOR_HEAD,
    GENERATOR_HEAD,
    ModelConfig,
)
from electra_tf.errors import UserError
from electra_tf.pretraining import build, detector, scoring, text_batch
from electra_tf.pretraining.masking import Batch
from electra_tf.pretraining.pretrainer import Pretrainer
from electra_tf.text.tokenization import Tokenizer
from electra_tf.training import checkpoints


def load(path: str) -> tuple[Pretrainer, Tokenizer]:
    """Load a run, or a model folder, and its tokenizer.

    Raises:
        FileNotFoundError: when there is neither.
        ValueError: when a model folder has nothing that scores tokens.
    """
    if not model_folder.is_model_folder(path):
        return detector.load(path)
    model = model_folder.read(path)
    vocab_file = os.path.join(path, model_folder.VOCAB_FILE)
    tokenizer = Tokenizer(vocab_file, do_lower_case=model.config.do_lower_case)
    pretrainer = build.new_pretrainer(
        _config(path, model.config, vocab_file), tokenizer
    )
    checkpoints.assign(pretrainer.variables, model.variables)
    return pretrainer, tokenizer


def _config(path: str, model: ModelConfig, vocab_file: str):
    """Return a config that builds what a model folder holds."""
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
    """Scores texts by a row of `scoring.SCORERS`.

    Args:
        pretrainer: `Pretrainer`.
        tokenizer: `Tokenizer` of its vocabulary.
        method: str, the row.
        batch_size: int, texts of a pass at most.
    """

    def __init__(self, pretrainer, tokenizer, method: str, batch_size: int):
        self.pretrainer = pretrainer
        self.tokenizer = tokenizer
        self.batch_size = batch_size
        self.score = scoring.SCORERS[method]
        self.longest = encoder_config(pretrainer.config).max_position_embeddings

    def scores(self, texts: list[str], names: list[str]) -> list[tuple]:
        """Return for each text its word pieces and their scores.

        Args:
            texts: any number.
            names: what to call each in a message.

        Raises:
            ValueError: for a text that is too long for the model.
        """
        ids = [
            self._checked(self.tokenizer.encode(text), name)
            for text, name in zip(texts, names, strict=True)
        ]
        found = []
        for first in range(0, len(ids), self.batch_size):
            some = ids[first : first + self.batch_size]
            scores = self.score(self.pretrainer, self._batch(some)).numpy()
            found += [
                (
                    [self.tokenizer.tokens[number] for number in one],
                    scores[row, 1 : 1 + len(one)].astype(float).tolist(),
                )
                for row, one in enumerate(some)
            ]
        return found

    def fill(self, before: str, after: str, candidates: int, name: str):
        """Return the likeliest tokens between two texts: pairs.

        The likeliest comes first; see `scoring.fill`.
        """
        left = self.tokenizer.encode(before)
        hidden = [self.tokenizer.mask_id]
        ids = left + hidden + self.tokenizer.encode(after)
        batch = self._batch([self._checked(ids, name)])
        place = 1 + len(left)
        found, probabilities = scoring.fill(
            self.pretrainer, batch, place, candidates
        )
        return [
            (self.tokenizer.tokens[number], float(probability))
            for number, probability in zip(found, probabilities, strict=True)
        ]

    def _checked(self, ids: list[int], name: str) -> list[int]:
        if len(ids) + 2 > self.longest:
            raise UserError(
                f"{name} has {len(ids)} tokens; the model reads "
                f"{self.longest - 2}. Split the text."
            )
        return ids

    def _batch(self, texts: list[list[int]]) -> Batch:
        longest = max(map(len, texts)) + 2
        return text_batch.of_ids(texts, self.tokenizer, longest)
