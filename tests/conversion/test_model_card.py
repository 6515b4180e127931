"""Model cards say what the weights tell, and leave the rest open."""

import pytest
import yaml

from electra_tf.conversion import (
    hugging_face,
    model_folder,
    tensorflow_checkpoint,
)
from tests.conversion import runs


@pytest.fixture
def model(tmp_path):
    run = runs.save(tmp_path / "run", *runs.pretrained(tmp_path))
    return tensorflow_checkpoint.read_run(run)


def _card(folder) -> tuple[dict, str]:
    text = (folder / "README.md").read_text("utf-8")
    _, head, page = text.split("---\n", 2)
    return yaml.safe_load(head), page


def test_a_model_folder(tmp_path, model):
    model_folder.write(str(tmp_path / "ours"), model)
    head, page = _card(tmp_path / "ours")
    assert head["library_name"] == "electra_tf" and "electra" in head["tags"]
    assert f"| updates | {runs.STEP} |" in page
    weights = sum(array.size for array in model.variables.values())
    assert f"| weights | {weights:,} |" in page
    assert "load_encoder" in page


def test_a_folder_of_hugging_face(tmp_path, model):
    hugging_face.write(str(tmp_path / "hf"), model)
    _, page = _card(tmp_path / "hf")
    assert "transformers.ElectraForPreTraining.from_pretrained" in page
