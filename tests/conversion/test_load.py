import subprocess
import sys

import numpy as np
import pytest

import electra_tf
from electra_tf.conversion import model_folder
from electra_tf.conversion.model import Model, ModelConfig
from tests import tiny


def test_a_loaded_encoder_computes_what_the_saved_one_did(tmp_path):
    encoder = electra_tf.Encoder(tiny.encoder())
    batch = tiny.batch()
    expected = encoder(*batch).sequence_output.numpy()
    variables = {v.path: v.numpy() for v in encoder.weights}
    vocabulary = "".join(f"word{i}\n" for i in range(tiny.VOCAB_SIZE))
    model = Model(ModelConfig(tiny.encoder()), variables, vocabulary.encode())
    folder = str(tmp_path / "model")
    model_folder.write(folder, model)

    loaded = electra_tf.load_encoder(folder)
    np.testing.assert_array_equal(
        loaded(*batch).sequence_output.numpy(), expected
    )


def test_no_model_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="No checkpoint at"):
        electra_tf.load_encoder(str(tmp_path))


def test_unknown_names():
    with pytest.raises(AttributeError, match="no attribute 'Decoder'"):
        electra_tf.Decoder  # noqa: B018


def test_importing_the_package_does_not_import_tensorflow():
    code = "import sys, electra_tf; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
