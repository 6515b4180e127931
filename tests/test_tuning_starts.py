"""Fine-tuning that starts from weights there are, in any format."""

import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf

import run_finetuning
from electra_tf.configs import PretrainingConfig
from electra_tf.conversion import convert
from electra_tf.pretraining.masking import SpecialTokens
from electra_tf.pretraining.pretrainer import Pretrainer
from electra_tf.training import checkpoints, run_folder
from electra_tf.training.checkpoint_folder import CheckpointFolder
from tests.finetuning import sentences
from tests.tuning_run import arguments, error_of, flags_in

ROOT = pathlib.Path(__file__).parent.parent


@pytest.fixture
def flags(tmp_path) -> dict:
    """Flags for a tiny model from scratch, and a tiny task of one's own."""
    return flags_in(tmp_path)


def pretrain(flags: dict, tmp_path) -> dict:
    """Write a model's folder as pre-training does; return its variables."""
    config = PretrainingConfig(
        data_dir=str(flags["data_dir"]),
        model_name=flags["model_name"],
        **{name: flags[name] for name in ("vocab_size", "embedding_size")},
        max_seq_length=16,
        generator_hidden_size=0.5,
        model_hparam_overrides=json.loads(flags["model_hparam_overrides"]),
    )
    pathlib.Path(config.model_dir).mkdir(parents=True)
    run_folder.save_config(config.model_dir, config)
    pretrainer = Pretrainer(config, SpecialTokens(2, 3, 4))
    step = tf.Variable(7, dtype=tf.int64)
    saved = checkpoints.checkpoint(pretrainer.variables, {}, step)
    CheckpointFolder(saved, config.model_dir).save(7)
    return {path: v.numpy() for path, v in pretrainer.variables.items()}


def test_weights_and_shape_are_those_of_pre_training(flags, tmp_path):
    pretrained = pretrain(flags, tmp_path)
    shape = ("vocab_size", "embedding_size", "model_hparam_overrides")
    rest = {name: value for name, value in flags.items() if name not in shape}
    # With a rate of zero the weights stay what they were.
    rest |= {"from_scratch": "false", "learning_rate": 0, "do_eval": "false"}
    run_finetuning.main(arguments(rest))
    folder = tmp_path / "models" / "tiny" / "finetuning_models"
    tuned = checkpoints.read_variables(str(folder / "classification_model_1"))
    heads = {path for path in tuned if path.startswith("task_specific/")}
    assert len(heads) == 2
    for path in tuned.keys() - heads:
        np.testing.assert_array_equal(tuned[path], pretrained[path])


# tests/conversion reads and writes them all; that the program takes what was
# read, two show.
SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "arguments_of_format",
    [
        pytest.param("model_folder", marks=SLOW),
        "tf1_checkpoint",
        pytest.param("hugging_face --part discriminator", marks=SLOW),
        "hugging_face --part generator",
    ],
)
def test_starts_from_any_format(flags, tmp_path, arguments_of_format):
    pretrained = pretrain(flags, tmp_path)
    source, start = str(tmp_path / "models/tiny"), str(tmp_path / "start")
    kind = arguments_of_format.split()
    convert.main(["--from", source, "--to", start, "--format", *kind])
    shape = ("vocab_size", "embedding_size", "model_hparam_overrides")
    rest = {name: value for name, value in flags.items() if name not in shape}
    rest |= {"init_checkpoint": start, "model_name": "other"}
    rest |= {"from_scratch": "false", "learning_rate": 0, "do_eval": "false"}
    run_finetuning.main(arguments({**rest, "num_train_epochs": 0.5}))
    folder = tmp_path / "models/other/finetuning_models"
    tuned = checkpoints.read_variables(str(folder / "classification_model_1"))
    # A generator has the shared embeddings, and its own layers.
    theirs = "generator" if kind[-1] == "generator" else "electra"
    for path, value in tuned.items():
        if not path.startswith("task_specific/"):
            layer = path.replace("electra", theirs)
            source = path if "/embeddings/" in path else layer
            np.testing.assert_array_equal(value, pretrained[source], path)


def test_another_model_than_the_pre_trained_one(flags, tmp_path):
    pretrain(flags, tmp_path)
    changes = {"embedding_size": 4, "from_scratch": "false"}
    message = error_of({**flags, **changes})
    assert "embedding_size: 8 in " in message
    assert ", 4 given" in message


def test_a_model_of_another_vocabulary(flags, tmp_path):
    pretrain(flags, tmp_path)
    source, start = str(tmp_path / "models/tiny"), str(tmp_path / "start")
    convert.main(["--from", source, "--to", start])
    other = sentences.VOCABULARY.replace("book", "tree")
    (tmp_path / "vocab.txt").write_text(other)
    changes = {"init_checkpoint": start, "from_scratch": "false"}
    changes["vocab_file"] = tmp_path / "vocab.txt"
    message = error_of({**flags, **changes, "model_name": "other"})
    assert f"is not that of {start}: the latter has 'book' at line 9" in message
    assert message.endswith("was trained with as vocab_file.")
