"""Paths as users write them: `~`, and what is nearly a URL."""

import os
import pathlib

import numpy as np
import pytest

import electra_tf
from data_prep.build_vocab import VocabConfig
from electra_tf import command_line
from electra_tf.configs import FinetuningConfig, PretrainingConfig
from electra_tf.conversion import formats, model_folder
from electra_tf.errors import UserError
from electra_tf.finetuning import finetuned_model
from electra_tf.io import connections, files, record_files
from tests.models import folders

NEARLY = ["gs:/b/x", "dbfs:/x", "S3://b/x", "Gs:/x", "https:/a/b", "file:/x"]


@pytest.fixture
def home(tmp_path, monkeypatch) -> pathlib.Path:
    (tmp_path / "home").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "home"


@pytest.mark.parametrize("path", NEARLY)
def test_what_is_nearly_a_url_is_refused(home, path):
    for use in (files.write, files.exists, connections.expanded):
        with pytest.raises(UserError, match="two slashes"):
            use(*([path, "text"] if use is files.write else [path]))
    with pytest.raises(UserError, match="two slashes"):
        PretrainingConfig(data_dir="d", model_name="m", model_dir=path)
    assert not os.listdir()


def test_the_right_one_is_named():
    with pytest.raises(UserError, match=r"Give 's3://b/x'; or '\./S3://b/x'"):
        connections.scheme("S3://b/x")
    with pytest.raises(UserError, match="Give 'gs://b/x'"):
        connections.scheme("gs:/b/x")


@pytest.mark.parametrize(
    "path",
    [
        "C:/Users/a",
        "C:\\a",
        "./gs:/b",
        "a:b/c",
        "a b:/c",
        "/a:/b",
        "~a/b",
        "a~/b",
    ],
)
def test_other_paths_are_of_this_machine(path):
    assert connections.scheme(path) is None


def test_home_folders_are_expanded_in_configs(home):
    config = PretrainingConfig(data_dir="~/data", model_name="m")
    assert config.vocab_file == f"{home}/data/vocab.txt"
    config = config.replace(model_dir="~", results_txt=pathlib.Path("~/r"))
    assert (config.model_dir, config.results_txt) == (str(home), f"{home}/r")
    config = FinetuningConfig(
        data_dir="d", model_name="m", task_names=("cola",), tfds_data_dir="~/t"
    )
    assert config.tfds_data_dir == f"{home}/t"
    config = VocabConfig(corpus_dir="~/text", output_file="~/v", vocab_size=99)
    assert config.output_file == f"{home}/v"
    assert config.corpus_dir == f"{home}/text"


def test_home_folders_are_expanded_in_arguments(home):
    parser = command_line.parser("program", "A program.")
    parser.add_argument("--to")
    parser.add_argument("text")
    known = parser.parse_args(["--to=~/a", "~ is a sign"])
    assert (known.to, known.text) == (f"{home}/a", "~ is a sign")


def test_home_folders_are_expanded_in_python(home, tmp_path):
    made = folders.pretrained(tmp_path)
    model = electra_tf.Discriminator.load(str(made))
    electra_tf.save("~/saved", model)
    assert (home / "saved" / model_folder.CONFIG_FILE).exists()
    again = electra_tf.Discriminator.load("~/saved")
    np.testing.assert_array_equal(again.weights[0], model.weights[0])
    assert formats.detect("~/saved") == "model_folder"
    electra_tf.Tokenizer("~/saved/vocab.txt")
    assert record_files.matching("~/saved/*.txt") == [f"{home}/saved/vocab.txt"]
    with pytest.raises(FileNotFoundError, match=f"{home}/saved is no folder"):
        finetuned_model.read("~/saved")
    assert not os.listdir()
    with pytest.raises(UserError, match="two slashes"):
        electra_tf.save("gs:/b/x", model)
    with pytest.raises(UserError, match="~ stands for no folder here"):
        files.write("~/a", "text")
    with pytest.raises(UserError, match="~ stands for no folder here"):
        electra_tf.save("~nobody_of_this_name/a", model)
    assert not os.listdir()
