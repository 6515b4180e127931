"""The choices that configs name are the rows of the tables in the code.

Configs import no TensorFlow, so the tables cannot be where the names are from.
"""

import dataclasses

import pytest

from data_prep.dataset_config import FORMAT_NAMES, CorpusConfig
from data_prep.sources import formats
from electra_tf.configs import FinetuningConfig, PretrainingConfig
from electra_tf.configs.encoder import ACTIVATIONS, EncoderConfig
from electra_tf.configs.finetuning import (
    ANSWER_PLACES,
    ANSWER_SCORINGS,
    BATCHINGS,
)
from electra_tf.configs.networks import MASKINGS, SAMPLINGS, WHOLE_WORDS
from electra_tf.configs.objectives import (
    GENERATOR_TRAINING,
    GENERATORS,
    OBJECTIVES,
    WEIGHT_SHARING,
)
from electra_tf.configs.optimization import OPTIMIZERS
from electra_tf.configs.program import (
    EMBEDDING_LOOKUPS,
    PRECISIONS,
    STRATEGIES,
)
from electra_tf.configs.tasks import TASKS
from electra_tf.efficiency import finetuning_flops
from electra_tf.finetuning import heads, inputs
from electra_tf.finetuning.tasks.question_answering import (
    answer_places,
    answer_rules,
)
from electra_tf.layers import bert_conventions, embeddings, precision
from electra_tf.pretraining import (
    generators,
    masking_strategies,
    objectives,
    sampling,
    score,
    scoring,
)
from electra_tf.training import distribution, optimizer

# What has no row: words are a unit of masking; two networks that share all
# have no second look-up; TensorFlow Datasets are named by their set.
TABLES = {
    "hidden_act": (ACTIVATIONS, bert_conventions.ACTIVATIONS),
    "distribution_strategy": (STRATEGIES, distribution.STRATEGIES),
    "embedding_lookup": (EMBEDDING_LOOKUPS, embeddings.LOOKUPS),
    "precision": (PRECISIONS, precision.POLICIES),
    "optimizer": (OPTIMIZERS, optimizer.OPTIMIZERS),
    "generator_training": (GENERATOR_TRAINING, objectives.GENERATOR_LOSSES),
    "generator": (GENERATORS, generators.GENERATORS),
    "weight_sharing": (
        WEIGHT_SHARING,
        [*generators.EMBEDDINGS_OF_GENERATOR, "all"],
    ),
    "masking": (MASKINGS, set(masking_strategies.STRATEGIES) - {WHOLE_WORDS}),
    "sampling": (SAMPLINGS, sampling.SAMPLERS),
    "batching": (BATCHINGS, inputs.BATCHINGS),
    "answer_places": (ANSWER_PLACES, answer_places.ANSWER_PLACES),
    "answer_scoring": (ANSWER_SCORINGS, ["squad", *answer_rules.RULES]),
    "corpus_format": (FORMAT_NAMES, set(formats.FORMATS) - {"tfds"}),
}
CONFIGS = (EncoderConfig, PretrainingConfig, FinetuningConfig, CorpusConfig)


@pytest.mark.parametrize("name", TABLES)
def test_choices_are_the_rows_of_a_table(name):
    choices, rows = TABLES[name]
    assert set(choices) == set(rows)
    fields = [
        field
        for config_class in CONFIGS
        for field in dataclasses.fields(config_class)
        if field.name == name
    ]
    assert fields
    for field in fields:
        assert tuple(field.metadata["choices"]) == tuple(choices)


def test_heads_of_objectives_are_rows():
    named = {row.head.name for row in OBJECTIVES.values() if row.head}
    assert named == set(objectives.HEADS)


@pytest.mark.parametrize("method", scoring.METHODS)
def test_scoring_methods_can_be_asked_for(method):
    flags = ["--model_folder=m", "--input=-", f"--method={method}"]
    assert score.parser().parse_args(flags).method == method


def test_heads_of_tasks_are_rows():
    named = {row.head for row in TASKS.values()}
    kinds = {head for head in named if head != "question_answering"}
    kinds |= {f"{form}_question_answering" for form in ("joint", "independent")}
    assert kinds == set(heads.HEADS) == set(finetuning_flops.HEADS)


def test_whole_words_have_a_row():
    config = PretrainingConfig(data_dir="D", model_name="M", mask_unit="word")
    assert config.masking_strategy in masking_strategies.STRATEGIES
