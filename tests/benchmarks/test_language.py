"""What the objectives learn, beside a language of which all is known."""

import itertools
import math

import numpy as np
import pytest

from benchmarks.study import language
from benchmarks.study.language import LENGTH, NUM_WORDS, Language
from electra_tf.pretraining import objectives

LANGUAGE = Language.of(language.SEED)


def test_conditionals_are_those_of_the_joint_chances():
    """Of sentences of three words, by adding up all of them."""
    words = np.array([[3, 1, 4], [7, 7, 7]])

    def joint(*sentence):
        pairs = itertools.pairwise(sentence)
        following = math.prod(LANGUAGE.following[a, b] for a, b in pairs)
        return LANGUAGE.first[sentence[0]] * following

    found = np.exp(LANGUAGE.log_probabilities(words))
    for row, sentence in enumerate(words.tolist()):
        for place in range(3):
            others = [
                joint(*sentence[:place], word, *sentence[place + 1 :])
                for word in range(NUM_WORDS)
            ]
            wanted = others[sentence[place]] / sum(others)
            assert found[row, place] == pytest.approx(wanted)


@pytest.mark.parametrize("lucky_are_fake", [False, True])
def test_the_best_detector_knows_the_chances(lucky_are_fake):
    """Of those that it gives a chance, that share is fake."""
    rng = np.random.default_rng(0)
    words = LANGUAGE.sentences(40_000, rng)
    rows, places = np.arange(len(words)), rng.integers(LENGTH, size=len(words))
    corrupted = words.copy()
    # The noise is the words' frequencies, whatever stands beside them.
    noise = np.bincount(words.ravel(), minlength=NUM_WORDS) / words.size
    corrupted[rows, places] = rng.choice(NUM_WORDS, len(words), p=noise)
    is_fake = np.zeros(words.shape)
    is_fake[rows, places] = True
    if not lucky_are_fake:
        is_fake *= corrupted != words
    chances = language.chances_of_fakes(
        LANGUAGE.log_probabilities(corrupted),
        np.log(noise)[corrupted],
        lucky_are_fake,
    )
    for least in np.arange(0, 1, 0.2):
        some = (chances >= least) & (chances < least + 0.2)
        told, true = chances[some].mean(), is_fake[some].mean()
        assert told == pytest.approx(true, abs=0.02)


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("language")
    language.write_records(folder, LANGUAGE)
    return folder


def learnt(records, name: str) -> language.Result:
    result = language.compare(language.pretrain(records, name), LANGUAGE)
    print(name, result)
    return result


def check(name: str, found: language.Result, correlation: float):
    """Raise an AssertionError unless the model has learnt its theory."""
    assert abs(found.model) < 0.2
    assert found.correlation > correlation
    if name == "mlm":
        assert found.error < 0.25
        return
    # Nobody tells better than the truth, beyond what chance allows.
    assert found.auc < found.best_auc + 0.01
    # What there is to tell beside Electric's noise, which is nearly the
    # language, is less than what it learns in so few updates.
    if name != "electric":
        assert found.auc - 0.5 > 0.7 * (found.best_auc - 0.5)
    if name == "rtd":
        assert found.error < 0.7 * found.noise_error


@pytest.mark.slow
@pytest.mark.parametrize("name", language.MODELS)
def test_models_learn_what_their_theory_says(records, name):
    check(name, learnt(records, name), correlation=0.93)


def swapped_labels(logits, labels):
    return ORIGINAL_LOSSES(logits, 1 - labels)


ORIGINAL_LOSSES = objectives.detection_losses
WRONG = {
    None: ("detection_losses", objectives.detection_losses),
    "labels swapped": ("detection_losses", swapped_labels),
    "noise with the wrong sign": (
        "log_odds_of_noise",
        lambda log_noise, share: math.log(share / (1 - share)) - log_noise,
    ),
    "odds without the share": (
        "log_odds_of_noise",
        lambda log_noise, share: log_noise,
    ),
    "no noise": (
        "log_odds_of_noise",
        lambda log_noise, share: 0 * log_noise + math.log(share / (1 - share)),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_objective_is_found(records, monkeypatch, mistake):
    """In runs of a third of the updates, in which a right one passes."""
    name, function = WRONG[mistake]
    monkeypatch.setattr(objectives, name, function)
    monkeypatch.setitem(language.SETTINGS, "num_train_steps", 1000)
    folder = f"short, {mistake}"
    monkeypatch.setitem(language.MODELS, folder, {"objective": "electric"})
    found = learnt(records, folder)
    if mistake is None:
        check("electric", found, correlation=0.85)
    else:
        with pytest.raises(AssertionError):
            check("electric", found, correlation=0.85)
