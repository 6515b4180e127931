"""What has a scheme is read, or refused before work begins."""

import pytest

from data_prep import build_docstring_corpus
from electra_tf.configs import PretrainingConfig
from electra_tf.efficiency import plots

URL = "gs://bucket/folder"


@pytest.mark.parametrize(
    "program",
    [
        lambda: build_docstring_corpus.main(
            build_docstring_corpus.DocstringCorpusConfig(output_dir=URL)
        ),
        lambda: plots.main([f"--output_dir={URL}"]),
    ],
)
def test_programs_refuse_it_at_once(tmp_path, monkeypatch, program):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ValueError, SystemExit), match="on a file system"):
        program()
    assert list(tmp_path.iterdir()) == []


def test_runs_take_all_paths():
    config = PretrainingConfig(data_dir=URL, model_name="m")
    assert config.held_out_tfrecords == (
        f"{URL}/pretrain_tfrecords/held_out_data.tfrecord*"
    )
    assert config.model_dir == f"{URL}/models/m"
