"""Every hparam of the original's two config files, with values it accepts.

What a value means is what the config has for it, where that is not the value.
Not tried: what makes no sense there either, such as no layers, or what the
original does not survive.
"""

import json

import pytest

from electra_tf.configs import (
    FinetuningConfig,
    PretrainingConfig,
    from_flags,
    from_json,
)
from electra_tf.finetuning.model import rate_multipliers
from tests.fidelity.conftest import goldens_folder

BOOLEAN = [True, False, 1, 0]
PATH = ["somewhere/x"]
SIZE = [1, 7, 64.0]
OR_NONE = [None, "x"]
BOTH = {
    "model_name": ["m"],
    "data_dir": PATH,
    "debug": BOOLEAN,
    "do_train": BOOLEAN,
    "do_eval": BOOLEAN,
    "learning_rate": [0, 1, 5e-5],
    "weight_decay_rate": [0, -1, 0.01, 2],
    "iterations_per_loop": SIZE,
    "save_checkpoints_steps": SIZE,
    "model_size": ["small", "base", "large"],
    "model_hparam_overrides": [{}, {"hidden_size": 96, "hidden_act": "relu"}],
    "embedding_size": [None, 16],
    "vocab_size": SIZE,
    "do_lower_case": BOOLEAN,
    "max_seq_length": [8, 512],
    "train_batch_size": SIZE,
    "eval_batch_size": SIZE,
    "use_tpu": BOOLEAN,
    "num_tpu_cores": [1, 8],
    "tpu_job_name": OR_NONE,
    "tpu_name": OR_NONE,
    "tpu_zone": OR_NONE,
    "gcp_project": OR_NONE,
    "vocab_file": PATH,
    "model_dir": PATH,
    "results_txt": PATH,
    "results_pkl": ["a/b.pkl", "a/b"],
}
PRETRAINING = {
    **BOTH,
    "electra_objective": [True, False],
    "electric_objective": [True, False],
    "gen_weight": [0, 1, 50],
    "disc_weight": [0, 1, 50],
    "mask_prob": [0.1, 0.25],
    "lr_decay_power": [0, 0.5, 2],
    "num_warmup_steps": [0, 10],
    "num_train_steps": SIZE,
    "num_eval_steps": SIZE,
    "keep_checkpoint_max": [0, 1, None],
    "uniform_generator": [True, False],
    "two_tower_generator": [True, False],
    "untied_generator_embeddings": [True, False],
    "untied_generator": [True, False],
    "generator_layers": [0.5, 1, 2],
    "generator_hidden_size": [0.25, 1, 2],
    "disallow_correct": BOOLEAN,
    "temperature": [0.5, 2],
    "pretrain_tfrecords": PATH,
}
FINETUNING = {
    **BOTH,
    "log_examples": BOOLEAN,
    "num_trials": [-1, 0, 1, 5],
    "keep_all_models": BOOLEAN,
    "task_names": [["cola"], ["squad", "chunk"]],
    "layerwise_lr_decay": [-1, 0, 0.8, 1, 1.5],
    "num_train_epochs": [0.5, 3],
    "warmup_proportion": [0, 0.1, 1, 1.5],
    "use_tfrecords_if_existing": BOOLEAN,
    "write_test_outputs": BOOLEAN,
    "n_writes_test": [-1, 0, 5],
    "predict_batch_size": SIZE,
    "double_unordered": BOOLEAN,
    "max_query_length": SIZE,
    "doc_stride": SIZE,
    "n_best_size": SIZE,
    "max_answer_length": SIZE,
    "answerable_classifier": BOOLEAN,
    "answerable_uses_start_logits": BOOLEAN,
    "answerable_weight": [0, 0.5, 2],
    "joint_prediction": BOOLEAN,
    "beam_size": SIZE,
    "qa_na_threshold": [-2.75, 0, 1],
    "raw_data_dir": PATH,
    "init_checkpoint": [None, "somewhere/x"],
    "qa_eval_file": PATH,
    "qa_preds_file": PATH,
    "qa_na_file": PATH,
    "preprocessed_data_dir": PATH,
    "test_predictions": PATH,
}
PROGRAMS = {
    "pretraining": (PretrainingConfig, PRETRAINING),
    "finetuning": (FinetuningConfig, FINETUNING),
}
# By name and value as JSON: what of the config says it, and how.
MEANINGS = {
    ("results_pkl", '"a/b.pkl"'): ("results_json", "a/b.json"),
    ("results_pkl", '"a/b"'): ("results_json", "a/b"),
    ("init_checkpoint", "null"): ("from_scratch", True),
    ("electra_objective", "true"): ("objective", "rtd"),
    ("electra_objective", "false"): ("objective", "mlm"),
    ("electric_objective", "true"): ("objective", "electric"),
    ("electric_objective", "false"): ("objective", "rtd"),
    ("uniform_generator", "true"): ("generator", "uniform"),
    ("uniform_generator", "false"): ("generator", "masked_language_model"),
    ("two_tower_generator", "true"): ("generator", "two_towers"),
    ("two_tower_generator", "false"): ("generator", "masked_language_model"),
    ("untied_generator", "true"): ("weight_sharing", "embeddings"),
    ("untied_generator", "false"): ("weight_sharing", "all"),
    ("untied_generator_embeddings", "true"): ("weight_sharing", "none"),
    ("untied_generator_embeddings", "false"): ("weight_sharing", "embeddings"),
    # A small model has 128, as it has where nothing is said.
    ("embedding_size", "null"): ("embedding_size", 128),
}


@pytest.mark.parametrize(
    ("program", "name"),
    [(program, name) for program in PROGRAMS for name in PROGRAMS[program][1]],
)
def test_values_are_accepted_with_their_meaning(program, name, capsys):
    kind, values = PROGRAMS[program]
    for value in values[name]:
        given = {"data_dir": "D", "model_name": "M", name: value}
        config = from_json(kind, given)
        meant = (name, value)
        of, expected = MEANINGS.get((name, json.dumps(value)), meant)
        expected = tuple(expected) if isinstance(expected, list) else expected
        assert getattr(config, of) == expected
        arguments = ["--data_dir=D", "--model_name=M"]
        text = json.dumps({name: value})
        assert from_flags.read(kind, ["x", *arguments, "--hparams", text])


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_hparam_is_forgotten(program):
    path = goldens_folder() / "L_configs.json"
    recorded = json.loads(path.read_text())[program][0]["attributes"]
    # This one follows from others; the original refuses to be given it.
    assert set(recorded) - {"max_predictions_per_seq"} <= set(
        PROGRAMS[program][1]
    )


def test_no_decay_of_rates_at_0_or_below():
    paths = ["electra/embeddings/word_embeddings"]
    for decay, expected in ((-1, 1), (0, 1), (2, 16)):
        found = rate_multipliers(paths, 2, decay, top_exponent=2)
        assert found == dict.fromkeys(paths, expected)


def test_the_model_s_vocabulary_comes_before_the_data_s(tmp_path):
    given = {"data_dir": str(tmp_path), "model_name": "m"}
    assert from_json(FinetuningConfig, given).vocab_file == (
        f"{tmp_path}/vocab.txt"
    )
    of_model = tmp_path / "models" / "m" / "vocab.txt"
    of_model.parent.mkdir(parents=True)
    of_model.write_text("[PAD]\n")
    assert from_json(FinetuningConfig, given).vocab_file == str(of_model)
    of_data = PretrainingConfig(**given).vocab_file
    assert of_data == f"{tmp_path}/vocab.txt"


def test_a_contradicting_path_is_refused():
    given = {"results_pkl": "a.pkl", "results_json": "b.json"}
    names = {"data_dir": "D", "model_name": "M"}
    with pytest.raises(ValueError, match="contradicts results_json"):
        from_json(FinetuningConfig, {**names, **given})


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (PretrainingConfig, {}),
        (FinetuningConfig, {"task_names": ["mrpc"]}),
        (FinetuningConfig, {"task_names": ["squad"]}),
        (FinetuningConfig, {"task_names": ["chunk"]}),
    ],
)
def test_one_segment_is_too_few_for_two(kind, settings):
    overrides = {"model_hparam_overrides": {"type_vocab_size": 1}}
    given = {"data_dir": "D", "model_name": "M", **overrides, **settings}
    with pytest.raises(ValueError, match="type_vocab_size must be at least 2"):
        from_json(kind, given)
    sst = {"data_dir": "D", "model_name": "M", "task_names": ["sst"]}
    from_json(FinetuningConfig, {**sst, **overrides})
