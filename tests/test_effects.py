"""Settings that have an effect only beside others are told."""

import dataclasses

import pytest

from data_prep.build_vocab import VocabConfig
from data_prep.dataset_config import PretrainingDatasetConfig
from electra_tf.configs import (
    FinetuningConfig,
    PretrainingConfig,
    effects,
    from_flags,
)

RUN = {"data_dir": "D", "model_name": "M"}
DATASET = {"corpus_dir": "C", "vocab_file": "V", "output_dir": "O"}
VOCAB = {"corpus_dir": "C", "output_file": "V"}
CLASSES = {
    PretrainingConfig: RUN,
    FinetuningConfig: {**RUN, "task": "cola"},
    PretrainingDatasetConfig: DATASET,
    VocabConfig: VOCAB,
}


def told(config_class, **settings) -> list[str]:
    """Return the settings that are said to have no effect."""
    given = {**CLASSES[config_class], **settings}
    config = config_class(**config_class.translated(given))
    return [line.partition(" ")[0] for line in effects.without_effect(config)]


@pytest.mark.parametrize("config_class", CLASSES)
def test_defaults_are_not_told(config_class):
    assert told(config_class) == []
    fields = {field.name for field in dataclasses.fields(config_class)}
    for effect in config_class.effects:
        assert fields >= {*effect.names}, effect


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"tpu_name": "t"}, ["tpu_name"]),
        ({"tpu_name": "t", "use_tpu": True, "num_tpu_cores": 8}, []),
        ({"objective": "mlm", "disc_weight": 2.0}, ["disc_weight"]),
        ({"objective": "mlm", "disc_weight": 1.0}, []),
        (
            {"objective": "mlm", "generator_layers": 0.5, "temperature": 2.0},
            ["generator_layers", "temperature"],
        ),
        (
            {"generator": "unigram", "gen_weight": 2.0, "mask_token_share": 1},
            ["gen_weight", "mask_token_share"],
        ),
        (
            {"generator": "uniform", "weight_sharing": "none"},
            ["weight_sharing"],
        ),
        (
            {"objective": "electric", "mask_token_share": 1},
            ["mask_token_share"],
        ),
        ({"objective": "two_tower", "mask_unit": "word"}, ["mask_unit"]),
        (
            {"weight_sharing": "all", "generator_hidden_size": 1},
            ["generator_hidden_size"],
        ),
        ({"allow_new_parts": True}, ["allow_new_parts"]),
        ({"eval_tfrecords": "E"}, ["eval_tfrecords"]),
        ({"eval_tfrecords": "E", "eval_every_n_steps": 5}, []),
        (
            {"results_json": "r", "num_eval_steps": 5, "eval_batch_size": 2},
            ["num_eval_steps", "eval_batch_size", "results_json"],
        ),
        ({"results_json": "r", "do_eval": True}, []),
        (
            {"do_eval": True, "evaluate_random_weights": True},
            ["evaluate_random_weights"],
        ),
        (
            {"do_eval": True, "do_train": False, "profile_steps": "1-2"},
            ["profile_steps"],
        ),
        ({"num_train_steps": 5, "profile_steps": "5-9"}, ["profile_steps"]),
        ({"num_train_steps": 5, "profile_steps": "4-9"}, []),
        ({"num_train_steps": 5, "eval_every_n_steps": 5}, []),
        (
            {"num_train_steps": 5, "eval_every_n_steps": 6},
            ["eval_every_n_steps"],
        ),
    ],
)
def test_pretraining(settings, expected):
    assert told(PretrainingConfig, **settings) == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"doc_stride": 64}, ["doc_stride"]),
        ({"doc_stride": 64, "task": "squad"}, []),
        ({"double_unordered": False, "task": "mrpc"}, []),
        ({"double_unordered": False, "task": "rte"}, ["double_unordered"]),
        ({"released_tagging": True, "task": "rte"}, ["released_tagging"]),
        ({"tfds_data_dir": "d"}, ["tfds_data_dir"]),
        ({"tfds_data_dir": "d", "task": "rte", "source": "tfds"}, []),
        ({"n_writes_test": 2}, ["n_writes_test"]),
        ({"n_writes_test": 2, "write_test_outputs": True}, []),
        ({"write_distill_outputs": True}, ["write_distill_outputs"]),
        (
            {"write_test_outputs": True, "n_writes_test": 0},
            ["write_test_outputs"],
        ),
        ({"test_predictions": "t"}, ["test_predictions"]),
        ({"do_eval": False, "report_dir": "r"}, ["report_dir"]),
        ({"tuned_models": "none", "tuned_model_dir": "t"}, ["tuned_model_dir"]),
        ({"do_train": False, "keep_all_models": False}, ["keep_all_models"]),
        (
            {"layerwise_lr_decay": 0, "layerwise_decay_top_exponent": 1},
            ["layerwise_decay_top_exponent"],
        ),
        ({"qa_eval_file": "q"}, ["qa_eval_file"]),
        (
            {"task": "squad", "joint_prediction": False, "beam_size": 3},
            ["beam_size"],
        ),
        (
            {
                "task": "squad",
                "answerable_classifier": False,
                "answerable_weight": 1.0,
            },
            ["answerable_weight"],
        ),
    ],
)
def test_finetuning(settings, expected):
    assert told(FinetuningConfig, **settings) == expected


def test_own_data():
    files = {"task": "classification", "train_file": "a", "dev_file": "b"}
    files |= {"text_column": "t", "label_column": "l"}
    given = {"test_file": "c", "label_separator": ";", "tfds_dev_split": "d"}
    assert told(FinetuningConfig, **files, **given) == [
        "test_file",
        "label_separator",
        "tfds_dev_split",
    ]


def test_folders_of_benchmarks_and_features():
    files = {"task": "classification", "train_file": "a", "dev_file": "b"}
    files |= {"text_column": "t", "label_column": "l"}
    given = {"raw_data_dir": "x", "preprocessed_data_dir": "y"}
    assert told(FinetuningConfig, **files, **given) == ["raw_data_dir"]
    given["use_tfrecords_if_existing"] = False
    assert told(FinetuningConfig, **given) == ["preprocessed_data_dir"]


def test_settings_that_tagging_does_not_read():
    files = {"task": "tagging", "train_file": "a", "dev_file": "b"}
    given = {"text_pair_column": "c", "source": "tfds", "do_eval": False}
    assert told(FinetuningConfig, **files, **given) == [
        "dev_file",
        "text_pair_column",
        "source",
    ]


def test_records_and_vocabularies():
    both = {"num_out_files": 2, "text_mb_per_file": 1.0}
    assert told(PretrainingDatasetConfig, **both) == ["text_mb_per_file"]
    assert told(VocabConfig, seed=1, max_mb=2) == []
    assert told(VocabConfig, seed=1) == ["seed"]


def test_programs_tell(capsys):
    flags = ["--data_dir=D", "--model_name=M", "--objective=mlm"]
    from_flags.parse(
        PretrainingConfig, ["run.py", *flags, "--generator_hidden_size=0.5"]
    )
    assert capsys.readouterr().err == (
        "run.py: generator_hidden_size 0.5 has no effect: it needs a generator "
        "that is a network of its own.\n"
    )
