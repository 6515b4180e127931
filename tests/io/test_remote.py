"""What has a scheme is read, or refused before work begins."""

import pytest

from data_prep import build_docstring_corpus
from electra_tf.configs import FinetuningConfig, PretrainingConfig
from electra_tf.efficiency import plots
from electra_tf.finetuning import export, predict

URL = "gs://bucket/folder"
PATHS = {"data_dir": "d", "model_name": "m"}


@pytest.mark.parametrize(
    "program",
    [
        lambda: build_docstring_corpus.main(
            build_docstring_corpus.DocstringCorpusConfig(output_dir=URL)
        ),
        lambda: export.main(
            ["--model_folder=m", f"--to={URL}", "--format=onnx"]
        ),
        lambda: predict.main(
            ["--model_folder=m", "--input=-", f"--output={URL}"]
        ),
        lambda: plots.main([f"--output_dir={URL}"]),
    ],
)
def test_programs_refuse_it_at_once(tmp_path, monkeypatch, program):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ValueError, SystemExit), match="on a file system"):
        program()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        *("model_dir", "results_txt", "results_json", "vocab_file"),
        *("tuned_model_dir", "report_dir", "test_predictions"),
        *("preprocessed_data_dir", "qa_preds_file"),
    ],
)
def test_fine_tuning_refuses_it(name):
    with pytest.raises(ValueError, match=f"{name} must be on a file system"):
        FinetuningConfig(**PATHS, **{name: URL})


def test_pre_training_does_not():
    config = PretrainingConfig(data_dir=URL, model_name="m")
    assert config.held_out_tfrecords == (
        f"{URL}/pretrain_tfrecords/held_out_data.tfrecord*"
    )
    assert config.model_dir == f"{URL}/models/m"
