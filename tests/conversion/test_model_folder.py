"""Runs become model folders, and those can be read."""

import json
import pathlib

import numpy as np
import pytest
import safetensors.numpy

from electra_tf.configs import encoder_config, generator_config
from electra_tf.conversion import model_folder, tensorflow_checkpoint
from tests.conversion import runs

VARIANTS = {
    "default": {},
    "no_projection": {"embedding_size": 16},
    "untied_embeddings": {"weight_sharing": "none"},
    "all_tied": {"weight_sharing": "all"},
    "mlm": {"objective": "mlm"},
    "uniform": {"generator": "uniform"},
    "electric": {"objective": "electric"},
    "electric_untied": {
        "objective": "electric",
        "weight_sharing": "none",
    },
    "replace_mlm": {"objective": "replace_mlm"},
    "all_tokens_mlm": {"objective": "all_tokens_mlm"},
    "adversarial": {"generator_training": "adversarial"},
    "wide_generator": {"generator_hidden_size": 1.0, "generator_layers": 0.5},
}


@pytest.fixture
def folder(tmp_path) -> str:
    """A model folder of a pre-trained model."""
    run = runs.save(tmp_path / "run", *runs.pretrained(tmp_path))
    path = str(tmp_path / "folder")
    model_folder.write(path, tensorflow_checkpoint.read_run(run))
    return path


@pytest.mark.parametrize("variant", VARIANTS)
def test_pretraining_variants_survive(tmp_path, variant):
    config, model = runs.pretrained(tmp_path, **VARIANTS[variant])
    run = runs.save(tmp_path / "run", config, model)
    path = str(tmp_path / "folder")
    model_folder.write(path, tensorflow_checkpoint.read_run(run))
    again = model_folder.read(path)
    runs.assert_same(runs.arrays(model), again.variables)
    assert again.config.encoder == encoder_config(config)
    if again.config.generator is not None:
        assert again.config.generator == generator_config(config)
    assert again.config.step == runs.STEP
    assert again.vocab == pathlib.Path(config.vocab_file).read_bytes()


def test_differences_become_the_tables_that_they_stand_for(tmp_path):
    config, model = runs.pretrained(tmp_path, weight_sharing="disentangled")
    for table in model.main.embeddings.differences.values():
        table.assign(np.ones(table.shape))
    found = tensorflow_checkpoint.read_run(
        runs.save(tmp_path / "run", config, model)
    )
    for name in ("word", "token_type", "position"):
        table = found.variables[f"electra/embeddings/{name}_embeddings"]
        source = found.variables[f"generator/embeddings/{name}_embeddings"]
        np.testing.assert_array_equal(table, source + 1)
        sums = getattr(model.main.embeddings, f"{name}_embeddings")
        np.testing.assert_array_equal(table, sums)


def test_two_towers_alone_are_no_model(tmp_path):
    config, model = runs.pretrained(tmp_path, objective="two_tower")
    run = runs.save(tmp_path / "run", config, model)
    with pytest.raises(ValueError, match="has two towers and no main encoder"):
        tensorflow_checkpoint.read_run(run)


def test_a_fine_tuned_model_survives(tmp_path):
    config, model = runs.finetuned(tmp_path)
    run = runs.save(tmp_path / "run", config, model)
    path = str(tmp_path / "folder")
    model_folder.write(path, tensorflow_checkpoint.read_run(run))
    again = model_folder.read(path)
    runs.assert_same(runs.arrays(model), again.variables)
    assert again.config.tasks == {
        "sst": {"dense": (16, 2)},
        "sts": {"dense": (16, 1)},
    }


def test_parts_can_be_left_out(tmp_path, folder):
    model = model_folder.read(folder, ("generator", "generator_predictions"))
    assert model.config.generator is None
    assert model.config.parts == ("discriminator_predictions",)
    with pytest.raises(ValueError, match=r"Nothing .* is called 'generators'"):
        model_folder.read(folder, ("generators",))


def test_all_that_does_not_fit_is_listed(folder):
    path = f"{folder}/model.safetensors"
    arrays = safetensors.numpy.load_file(path)
    del arrays["electra/embeddings_project/bias"]
    arrays["generator/extra"] = np.zeros(3, np.float32)
    arrays["generator_predictions/output_bias"] = np.zeros(3, np.float32)
    safetensors.numpy.save_file(arrays, path)
    with pytest.raises(ValueError) as error:
        model_folder.read(folder)
    assert "electra/embeddings_project/bias (16,) is missing" in str(
        error.value
    )
    assert "generator/extra (3,) belongs to no part" in str(error.value)
    assert "output_bias has shape (3,), the model's is (40,)" in str(
        error.value
    )


def test_a_wrong_vocabulary_is_an_error(tmp_path):
    run = runs.save(tmp_path / "run", *runs.pretrained(tmp_path))
    (tmp_path / "short.txt").write_text("[PAD]\n")
    with pytest.raises(ValueError, match=r"has 1 word pieces, .* 40"):
        tensorflow_checkpoint.read_run(run, str(tmp_path / "short.txt"))


def test_a_missing_vocabulary_is_an_error(tmp_path):
    run = runs.save(tmp_path / "run", *runs.pretrained(tmp_path))
    (tmp_path / "words.txt").unlink()
    with pytest.raises(ValueError, match="--vocab_file"):
        model_folder.write(
            str(tmp_path / "to"), tensorflow_checkpoint.read_run(run)
        )


def test_nothing_is_overwritten(folder):
    with pytest.raises(FileExistsError, match="not empty"):
        model_folder.write(folder, model_folder.read(folder))


@pytest.mark.parametrize("name", ["config.json", "vocab.txt"])
def test_what_a_folder_lacks_is_named(folder, name):
    pathlib.Path(folder, name).unlink()
    with pytest.raises(FileNotFoundError, match=f"has no {name}"):
        model_folder.read(folder)


def test_another_version_is_an_error(folder):
    path = pathlib.Path(folder, "config.json")
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, "format_version": 2}))
    with pytest.raises(ValueError, match=r"format_version 1. Received: .* 2"):
        model_folder.read(folder)


def test_a_key_twice_is_an_error(folder):
    path = pathlib.Path(folder, "config.json")
    text = path.read_text().rstrip().removesuffix("}")
    path.write_text(text + ', "do_lower_case": false}')
    with pytest.raises(
        ValueError, match=r"config\.json: .* 'do_lower_case' comes twice"
    ):
        model_folder.read(folder)


def test_a_key_that_is_nearly_known_is_told(folder):
    path = pathlib.Path(folder, "config.json")
    values = json.loads(path.read_text())
    assert not model_folder.read(folder).left_out
    values |= {"strip_acents": False, "comment": "mine"}
    del values["strip_accents"]
    path.write_text(json.dumps(values))
    assert model_folder.read(folder).left_out == {
        "strip_acents of config.json": "not known; is 'strip_accents' meant?"
    }


def test_what_is_no_safetensors_file_is_an_error(folder):
    pathlib.Path(folder, "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="must be a safetensors file"):
        model_folder.read(folder)
