"""Rules of the configs that the recorded numbers do not show."""

import dataclasses
import subprocess
import sys

import pytest

from electra_tf import configs
from electra_tf.configs import (
    EncoderConfig,
    FinetuningConfig,
    PretrainingConfig,
    encoder_config,
    generator_config,
)

NAMES = {"data_dir": "D", "model_name": "M"}


def pretraining(**settings) -> PretrainingConfig:
    return PretrainingConfig(**NAMES, **settings)


def finetuning(**settings) -> FinetuningConfig:
    return FinetuningConfig(**NAMES, **settings)


@pytest.mark.parametrize(
    "config_class", [EncoderConfig, PretrainingConfig, FinetuningConfig]
)
def test_every_field_has_help(config_class):
    for field in dataclasses.fields(config_class):
        assert field.metadata["help"], field.name


@pytest.mark.parametrize(
    ("make", "settings", "expected"),
    [
        (pretraining, {"mask_prob": 1.0}, "mask_prob must be a float of more"),
        (pretraining, {"temperature": 0}, "temperature must be"),
        (pretraining, {"sampling": "gumble"}, "Did you mean 'gumbel'?"),
        (
            pretraining,
            {"seed": 2**32},
            "seed must be less than 2**32 (4294967296). Received: 4294967296.",
        ),
        (pretraining, {"profile_steps": "20-10"}, "Received: '20-10'"),
        (
            finetuning,
            {"profile_steps": "ten"},
            "as in 100-110. Received: 'ten'",
        ),
        (pretraining, {"model_size": "bass"}, "Did you mean 'base'?"),
        (
            pretraining,
            {"max_seq_length": 513},
            "max_seq_length must be at most max_position_embeddings (512). "
            "Received: 513.",
        ),
        (
            pretraining,
            {"max_seq_length": 10, "mask_prob": 0.01},
            "leaves nothing to mask. Received: mask_prob 0.01, "
            "max_seq_length 10.",
        ),
        (
            pretraining,
            {"objective": "electric", "generator": "uniform"},
            "objective 'electric' needs generator 'two_towers'. Received: "
            "'uniform'.",
        ),
        (
            pretraining,
            {"objective": "electric", "temperature": 2},
            "temperature 1, disallow_correct false. Received: 2.0 and False.",
        ),
        (
            pretraining,
            {"generator": "two_towers", "weight_sharing": "all"},
            "generator 'two_towers' needs its own networks. Received: "
            "weight_sharing 'all'.",
        ),
        (
            pretraining,
            {"generator": "two_towers", "objective": "mlm"},
            "needs an objective with a generator of its own. Received: 'mlm'.",
        ),
        (
            pretraining,
            {"generator_layers": 0.01},
            "generator_layers 0.01 give no valid generator: "
            "num_hidden_layers must be an int of at least 1. Received: 0.",
        ),
        (
            pretraining,
            {"use_tpu": True, "distribution_strategy": "mirrored"},
            "use_tpu needs distribution_strategy 'tpu'. Received: 'mirrored'.",
        ),
        (
            finetuning,
            {"use_tpu": True, "jit_compile": False},
            "jit_compile must be true or auto on a TPU, which runs nothing "
            "that is not compiled. Received: false.",
        ),
        (
            pretraining,
            {"scan_layers": True},
            "scan_layers needs jit_compile=true or a TPU: what is not "
            "compiled gains nothing by it. Received: jit_compile=None.",
        ),
        (
            pretraining,
            {"logical_cpus": 2},
            "logical_cpus needs distribution_strategy 'mirrored'. "
            "Received: 'one_device'.",
        ),
        (
            pretraining,
            {"model_hparam_overrides": {"hiden_size": 1}},
            "Unknown model_hparam_overrides key 'hiden_size'. "
            "Did you mean 'hidden_size'?",
        ),
        (
            pretraining,
            {"model_hparam_overrides": {"embedding_size": 1}},
            "embedding_size is a setting of its own",
        ),
        (
            pretraining,
            {"model_hparam_overrides": {"num_attention_heads": 3}},
            "Received: hidden_size 256, num_attention_heads 3.",
        ),
        (finetuning, {"task_names": ["col"]}, "Did you mean 'cola'?"),
        (finetuning, {"task_names": ["sts", "sts"]}, "must not repeat"),
        (
            finetuning,
            {"train_file": "x.tsv"},
            "train_file belongs to the tasks of your own data (classification, "
            "pair, multilabel, regression, multiple_choice, tagging, qa). "
            "Received: train_file 'x.tsv' with task_names 'chunk'.",
        ),
        (finetuning, {"task": "qaa"}, "Did you mean 'qa'?"),
        (
            finetuning,
            {"task": "cola", "task_names": ["sst"]},
            "Received: task 'cola', task_names 'sst'.",
        ),
        (
            finetuning,
            {"task_names": ["qa", "tagging"], "train_file": "x.json"},
            "The tasks 'qa' and 'tagging' would read the same train_file",
        ),
        (
            finetuning,
            {"task": "pair", "train_file": "x.tsv", "text_column": "a"},
            "The task 'pair' needs text_pair_column, label_column, dev_file "
            "(for do_eval).",
        ),
    ],
)
def test_errors_say_what_was_expected(make, settings, expected):
    with pytest.raises(ValueError) as error:
        make(**settings)
    assert expected in str(error.value)


def test_the_generator_is_only_checked_where_there_is_one():
    pretraining(generator_layers=0.01, objective="mlm")
    pretraining(generator_layers=0.01, generator="uniform")
    pretraining(generator_layers=0.01, weight_sharing="all")


def test_a_task_is_short_for_task_names():
    config = finetuning(task="squad")
    assert config == finetuning(task="squad", task_names=["squad"])
    assert config.task_names == ("squad",)
    assert config.max_seq_length == 512


def test_own_data_needs_files_or_a_set_of_tfds():
    settings = {"train_file": "x.tsv", "text_column": "a", "label_column": "b"}
    config = finetuning(
        task_names=["classification"], do_eval=False, **settings
    )
    assert config.train_file == "x.tsv"
    assert config.max_seq_length == 128
    with pytest.raises(ValueError, match=r"needs dev_file \(for do_eval\)\."):
        finetuning(task_names=["classification"], **settings)
    settings["tfds_name"] = settings.pop("train_file")
    assert finetuning(task="classification", **settings).do_eval


def test_given_values_win_over_debug_mode_and_size():
    config = pretraining(debug=True, num_train_steps=7, train_batch_size=3)
    assert (config.num_train_steps, config.train_batch_size) == (7, 3)
    config = finetuning(model_size="large", learning_rate=1e-3, debug=True)
    assert config.learning_rate == 1e-3
    assert config.layerwise_lr_decay == 0.9


def test_the_update_is_the_released_one_unless_asked():
    for config in (pretraining(), finetuning()):
        assert config.optimizer == "adamw"
        assert not config.adam_bias_correction


def test_debug_mode_has_three_epochs_for_every_task():
    assert finetuning(task_names=["rte"], debug=True).num_train_epochs == 3
    assert finetuning(task_names=["squad"], debug=True).num_train_epochs == 3


def test_task_defaults_hold_for_a_single_task_only():
    config = finetuning(task_names=["squad", "rte"])
    assert (config.max_seq_length, config.num_train_epochs) == (128, 3)


def test_paths_can_be_given():
    config = pretraining(
        vocab_file="v", model_dir="m", pretrain_tfrecords="p/*"
    )
    assert config.vocab_file == "v"
    assert config.results_txt == "m/results/unsup_results.txt"
    assert config.held_out_tfrecords == "p/held_out_data.tfrecord*"


def test_steps_to_profile_are_numbers():
    assert pretraining(profile_steps="100-110").steps_to_profile == (100, 110)
    assert pretraining().steps_to_profile is None


def test_replace_moves_paths_and_task_defaults():
    config = finetuning(task_names=["rte"])
    moved = config.replace(data_dir="E", task_names=["squad"])
    assert moved.vocab_file == "E/vocab.txt"
    assert moved.model_dir == "E/models/M/finetuning_models/squad_model"
    assert moved.num_train_epochs == 2


def test_encoder_takes_dropout_from_fields_then_overrides():
    config = pretraining(hidden_dropout_prob=0.3)
    assert encoder_config(config).hidden_dropout_prob == 0.3
    assert generator_config(config).hidden_dropout_prob == 0.3
    config = config.replace(model_hparam_overrides={"hidden_dropout_prob": 0.2})
    assert encoder_config(config).hidden_dropout_prob == 0.2


def test_embedding_sizes():
    assert encoder_config(pretraining()).embedding_size == 128
    assert encoder_config(pretraining(model_size="base")).embedding_size == 768
    assert generator_config(pretraining()).embedding_size == 128
    untied = pretraining(weight_sharing="none")
    assert generator_config(untied).embedding_size == 64


def test_encoder_config_knows_its_head_size():
    assert encoder_config(pretraining(model_size="large")).head_size == 64
    assert EncoderConfig(10, 6, 1, 2, 24).head_size == 3


def test_resuming_may_change_how_to_run_but_not_what_is_trained():
    saved = configs.to_json(pretraining())
    running = {
        "data_dir": "E",
        "model_name": "other",
        "num_train_steps": 5,
        "num_eval_steps": 5,
        "distribution_strategy": "mirrored",
        "do_train": False,
        "do_eval": True,
        "keep_checkpoint_max": 1,
        "iterations_per_loop": 5,
        "save_checkpoints_steps": 5,
        "tpu_name": "tpu",
    }
    config = PretrainingConfig(**running)
    configs.check_same(saved, config)
    for change in (
        {"seed": 1},
        {"learning_rate": 0.1},
        {"train_batch_size": 4},
        {"model_hparam_overrides": {"hidden_size": 64}},
    ):
        (name,) = change
        with pytest.raises(ValueError, match=f"  {name}: "):
            configs.check_same(saved, config.replace(**change))


def test_look_up_follows_the_device():
    assert pretraining().embedding_lookup == "gather"
    assert pretraining(use_tpu=True).embedding_lookup == "one_hot"
    assert finetuning(distribution_strategy="tpu").embedding_lookup == "one_hot"


def test_original_hparams_without_effect_are_accepted():
    config = finetuning(task_names=["squad"], write_distill_outputs=False)
    assert not config.write_distill_outputs


def test_configs_do_not_import_tensorflow():
    program = (
        "import sys; import electra_tf.configs; "
        "sys.exit(any(n in sys.modules for n in ('tensorflow', 'keras')))"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
