"""Each choice of a config has a row in the program's tables, and no other."""

import re

import pytest

from electra_tf.configs import objectives as rows
from electra_tf.pretraining import score
from electra_tf.pretraining.generators import (
    EMBEDDINGS_OF_GENERATOR,
    GENERATORS,
)
from electra_tf.pretraining.masking_strategies import STRATEGIES
from electra_tf.pretraining.objectives import GENERATOR_LOSSES, HEADS
from electra_tf.pretraining.sampling import SAMPLERS
from electra_tf.pretraining.scoring import METHODS
from tests import tiny


def choices(setting: str) -> set[str]:
    """What a config takes, by its own message."""
    with pytest.raises(ValueError) as error:
        tiny.pretraining(**{setting: "?"})
    return set(re.search(r"one of (.+?)\. ", str(error.value))[1].split(", "))


@pytest.mark.parametrize(
    ("setting", "table"),
    [
        ("generator", GENERATORS),
        ("generator_training", GENERATOR_LOSSES),
        ("sampling", SAMPLERS),
        # All weights shared leave nothing to look up.
        ("weight_sharing", {*EMBEDDINGS_OF_GENERATOR, "all"}),
        # The one that mask_unit chooses.
        ("masking", set(STRATEGIES) - {"whole_words"}),
        ("objective", rows.OBJECTIVES),
    ],
)
def test_choices_are_the_rows(setting, table):
    assert choices(setting) == set(table)


def test_every_head_has_a_class():
    heads = {row.head.name for row in rows.OBJECTIVES.values() if row.head}
    assert heads == set(HEADS)


@pytest.mark.parametrize("method", METHODS)
def test_every_scoring_method_can_be_asked_for(method):
    flags = ["--model_folder=m", "--input=-", f"--method={method}"]
    assert score.parser().parse_args(flags).method == method
