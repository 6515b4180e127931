"""Objectives against their theory, on a language of which all is known.

    python -m benchmarks.study.language --output_dir=language

Its sentences are chains of 50 words. So the probability of each word given all
others is known, and, as one word of a sentence is replaced, the probability
that it is this one, given the distribution that the run's own generator draws
from. The runs are those of run_pretraining.py. It tells how far a model's
log-probabilities of held-out words are from the true ones, and the
discriminator's AUC beside that of the best detector that there can be.

B sentences, L words of each, V words.
"""

import json
import pathlib
import typing

import numpy as np

import run_pretraining
from benchmarks.study.programs import flags
from electra_tf import command_line
from electra_tf.io import files, records, serialization
from electra_tf.text import id_strings
from electra_tf.text.vocabulary import CLS, SEP
from electra_tf.text.vocabulary import SPECIAL_TOKENS as SPECIAL

NUM_WORDS, NUM_CLASSES, LENGTH = 50, 10, 6
# Of the chance of each next class, what all have alike.
SMOOTHED, CONCENTRATION = 0.1, 0.1
SENTENCES = {records.TRAINING_STEM: 80_000, records.HELD_OUT_STEM: 2_000}
SEED = 5
SETTINGS = {
    "vocab_size": len(SPECIAL) + NUM_WORDS,
    "embedding_size": 64,
    "model_hparam_overrides": {
        "hidden_size": 64,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "initializer_range": 0.1,
        "max_position_embeddings": LENGTH + 2,
    },
    "generator_hidden_size": 0.0625,
    "max_seq_length": LENGTH + 2,
    "mask_prob": 1 / LENGTH,
    "mask_token_share": 1.0,
    "train_batch_size": 128,
    "num_train_steps": 3000,
    "num_warmup_steps": 200,
    "learning_rate": 3e-3,
    "adam_bias_correction": True,
    "hidden_dropout_prob": 0,
    "attention_probs_dropout_prob": 0,
    "weight_decay_rate": 0,
    "iterations_per_loop": 200,
    "save_checkpoints_steps": 3000,
}
MODELS = {
    "mlm": {"objective": "mlm"},
    "rtd": {"objective": "rtd"},
    "electra_tt": {"generator": "two_towers"},
    "electric": {"objective": "electric"},
}


class Language(typing.NamedTuple):
    """Sentences that are chains.

    Attributes:
        first: chance of each word to be the first: `(V,)`.
        following: chance of the second word to follow the first: `(V, V)`.
    """

    first: np.ndarray
    following: np.ndarray

    @classmethod
    def of(cls, seed: int) -> "Language":
        """Return a language of random chances."""
        rng = np.random.default_rng(seed)
        alpha = np.full(NUM_CLASSES, CONCENTRATION)
        drawn = rng.dirichlet(alpha, NUM_CLASSES + 1)
        chances = (1 - SMOOTHED) * drawn + SMOOTHED / NUM_CLASSES
        size = NUM_WORDS // NUM_CLASSES
        words = rng.dirichlet(np.ones(size), NUM_CLASSES).ravel()
        chances = chances.repeat(size, axis=1) * words
        return cls(chances[0], chances[1:].repeat(size, axis=0))

    def sentences(self, number: int, rng) -> np.ndarray:
        """Return words of sentences: `(B, L)`."""
        rows = np.broadcast_to(self.first, (number, NUM_WORDS))
        words = []
        for _ in range(LENGTH):
            passed = rows.cumsum(axis=1) > rng.random((number, 1))
            passed[:, -1] = True  # The sum may end just below 1.
            words.append(passed.argmax(axis=1))
            rows = self.following[words[-1]]
        return np.stack(words, axis=1)

    def log_probabilities(self, words) -> np.ndarray:
        """Return that of each word, given all others: `(B, L)`.

        >>> same = Language(np.ones(2) / 2, np.array([[0.9, 0.1], [0.1, 0.9]]))
        >>> np.exp(same.log_probabilities(np.array([[0, 0, 1]]))).round(3)
        array([[0.9, 0.5, 0.1]])
        """
        before = self.following[words[:, :-1]]  # [B, L - 1, V]
        first = np.broadcast_to(self.first, before[:, :1].shape)
        before = np.concatenate([first, before], axis=1)
        after = self.following.T[words[:, 1:]]
        after = np.concatenate([after, np.ones_like(first)], axis=1)
        both = before * after
        found = np.take_along_axis(both, words[..., None], axis=2)[..., 0]
        return np.log(found / both.sum(axis=2))


class Result(typing.NamedTuple):
    """How a model compares with the truth on held-out sentences.

    Attributes:
        truth: mean true log-probability of a word given all others.
        noise: mean by the generator, less the true one; None for `mlm`.
        noise_error: root of the mean square of the generator's differences.
        model: mean by the model, less the true one.
        error: root of the mean square of the model's differences.
        correlation: of the model's with the true ones, over words.
        auc: the discriminator's; None where there is none.
        best_auc: of the true probability of having been replaced.
    """

    truth: float
    noise: float | None
    noise_error: float | None
    model: float
    error: float
    correlation: float
    auc: float | None = None
    best_auc: float | None = None


def write_records(folder: pathlib.Path, language: Language):
    """Write vocabulary and records, of sentences that are told by a seed."""
    words = [f"w{number}" for number in range(NUM_WORDS)]
    target = folder / records.FOLDER
    target.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join([*SPECIAL, *words]) + "\n")
    rng = np.random.default_rng(SEED)
    cls, sep = map(SPECIAL.index, (CLS, SEP))
    for stem, number in SENTENCES.items():
        held_out = stem == records.HELD_OUT_STEM
        name = records.shard_name(0, 1, held_out)
        examples = [
            (id_strings.of([cls, *ids, sep]), LENGTH + 2)
            for ids in (len(SPECIAL) + language.sentences(number, rng)).tolist()
        ]
        serialized = serialization.serialize(examples, LENGTH + 2)
        (target / name).write_bytes(serialization.frame(serialized))


def pretrain(folder: pathlib.Path, name: str, **changes) -> pathlib.Path:
    """Train a model by the program, in this process; return its folder."""
    settings = {**SETTINGS, **MODELS[name], **changes}
    places = {"data_dir": folder, "model_name": name}
    run_pretraining.main(["run_pretraining.py", *flags(places | settings)])
    return folder / "models" / name


def compare(model_dir: pathlib.Path, language: Language) -> Result:
    """Compare a trained model with the truth."""
    from electra_tf.pretraining import detector, inputs, scoring
    from electra_tf.randomness import RandomStream

    pretrainer, tokenizer = detector.load(str(model_dir))
    rng = np.random.default_rng(SEED + 1)
    words = language.sentences(SENTENCES[records.HELD_OUT_STEM], rng)

    def batch_of(words):
        ids = (words + len(SPECIAL)).tolist()
        return inputs.batch_of_ids(ids, tokenizer, LENGTH + 2)

    def scores(method, words):
        found = scoring.METHODS[method].score(pretrainer, batch_of(words))
        return np.asarray(found, np.float64)[:, 1:-1]

    def from_truth(method):
        return scores(method, words) - truth

    truth = language.log_probabilities(words)
    fitting = [
        name
        for name, row in scoring.METHODS.items()
        if row.fits(pretrainer.config)
    ]
    noise = "two_tower" if "two_tower" in fitting else "masked_lm"
    objective = pretrainer.config.objective
    method = {"mlm": "masked_lm", "rtd": "electra"}.get(objective, objective)
    found = from_truth(method)
    result = Result(
        truth=truth.mean(),
        noise=None,
        noise_error=None,
        model=found.mean(),
        error=np.sqrt(np.square(found).mean()),
        correlation=np.corrcoef((found + truth).ravel(), truth.ravel())[0, 1],
    )
    if not pretrainer.config.detects:
        return result
    from_noise = from_truth(noise)
    stream = RandomStream(SEED, 0)
    output = pretrainer(batch_of(words), stream, training=False)
    logits, labels, ids = (
        np.asarray(part)[:, 1:-1]
        for part in (
            output.disc_logits,
            output.corrupted.is_fake,
            output.corrupted.input_ids,
        )
    )
    # A generator may propose a special token, which no sentence has.
    keep = (ids >= len(SPECIAL)).all(axis=1)
    corrupted = ids[keep] - len(SPECIAL)
    best = chances_of_fakes(
        language.log_probabilities(corrupted),
        scores(noise, corrupted),
        pretrainer.head.lucky_samples_are_fake,
    )
    return result._replace(
        noise=from_noise.mean(),
        noise_error=np.sqrt(np.square(from_noise).mean()),
        auc=_auc(labels[keep], logits[keep]),
        best_auc=_auc(labels[keep], best),
    )


def chances_of_fakes(log_true, log_noise, lucky_are_fake: bool) -> np.ndarray:
    """Return the chance that each word is a fake, given the sentence: `(B, L)`.

    One word was drawn anew from the noise, which sees the others. That it was
    this one is the likelier the more the noise prefers it to the language:
    p(others) q(word) is p(sentence) q(word) / p(word). If a sample that
    equals the word that stood there is no fake, the word was another one with
    the chance 1 - p(word).

    >>> chances_of_fakes(np.log([[0.1, 0.9]]), np.log([[0.1, 0.9]]), False)
    array([[0.45, 0.05]])
    """
    odds = np.exp(log_noise - log_true)
    chances = odds / odds.sum(axis=1, keepdims=True)
    return chances if lucky_are_fake else chances * -np.expm1(log_true)


def _auc(labels, values) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(labels.ravel(), values.ravel()))


def main():
    """Train all models and print what came out, a JSON object a line."""
    parser = command_line.parser("benchmarks.study.language", __doc__)
    parser.add_argument("--output_dir", default="language", help="of the runs")
    parser.add_argument("--models", default=",".join(MODELS), help="of them")
    args = parser.parse_args()
    with command_line.errors_of("language"):
        files.check_local(args.output_dir, "output_dir")
    command_line.set_up_tensorflow()
    folder, language = pathlib.Path(args.output_dir), Language.of(SEED)
    write_records(folder, language)
    for name in args.models.split(","):
        result = compare(pretrain(folder, name), language)
        rounded = {
            key: value if value is None else round(float(value), 4)
            for key, value in result._asdict().items()
        }
        print(json.dumps({"model": name, **rounded}), flush=True)


if __name__ == "__main__":
    main()
