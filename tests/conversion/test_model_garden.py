"""The Model Garden's encoder reads what we write, and computes the same."""

import dataclasses
import pathlib

import pytest

from electra_tf.conversion import convert, model_garden, tensorflow_checkpoint
from electra_tf.conversion.model import renamed
from tests.conversion import runs


@pytest.mark.parametrize("embedding_size", [8, 16])
def test_its_encoder_computes_the_same(tmp_path, embedding_size, capsys):
    run = runs.save(
        tmp_path / "run",
        *runs.pretrained(tmp_path, embedding_size=embedding_size),
    )
    path = str(tmp_path / "to")
    convert.main(["--from", run, "--to", path, "--format", "model_garden"])
    said = capsys.readouterr().out.split("sequence output: ")[1]
    assert 0 <= float(said) < 1e-4
    assert pathlib.Path(path, "vocab.txt").exists()


def test_every_variable_has_a_name_of_its_own(tmp_path):
    _, model = runs.pretrained(tmp_path)
    ours = [path for path in model.variables if path.startswith("electra/")]
    theirs = {renamed(name, model_garden.RULES) for name in ours}
    assert len(theirs) == len(ours)
    assert not any("electra" in name for name in theirs)


def test_another_activation_is_an_error(tmp_path):
    run = runs.save(tmp_path / "run", *runs.pretrained(tmp_path))
    config = tensorflow_checkpoint.read_run(run).config.encoder
    with pytest.raises(ValueError, match="Received: 'relu'"):
        model_garden.arguments(dataclasses.replace(config, hidden_act="relu"))
