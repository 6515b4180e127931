"""What has a scheme is read, or refused before work begins."""

import pathlib

import pytest

from data_prep import (
    build_docstring_corpus,
    build_pretraining_dataset,
    build_vocab,
)
from electra_tf.configs import FinetuningConfig, PretrainingConfig
from electra_tf.conversion import convert
from electra_tf.efficiency import plots
from electra_tf.finetuning import export, predict

URL = "gs://bucket/folder"
PATHS = {"data_dir": "d", "model_name": "m"}


@pytest.mark.parametrize(
    "program",
    [
        lambda: build_vocab.main(
            build_vocab.VocabConfig(corpus_dir="text", output_file=URL)
        ),
        lambda: build_pretraining_dataset.main(
            build_pretraining_dataset.PretrainingDatasetConfig(
                corpus_dir="text", vocab_file="v", output_dir=URL
            )
        ),
        lambda: build_docstring_corpus.main(
            build_docstring_corpus.DocstringCorpusConfig(output_dir=URL)
        ),
        lambda: convert.main(["--from=model", f"--to={URL}"]),
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


def outputs():
    for config in (PretrainingConfig, FinetuningConfig):
        names = ["model_dir", "results_txt", "results_json", "vocab_file"]
        if config is FinetuningConfig:
            names += ["tuned_model_dir", "report_dir", "test_predictions"]
            names += ["preprocessed_data_dir", "qa_preds_file"]
        yield from ((config, name) for name in names)


@pytest.mark.parametrize(("config", "name"), outputs())
def test_settings_refuse_it(config, name):
    with pytest.raises(ValueError, match=f"{name} must be on a file system"):
        config(**PATHS, **{name: URL})


def test_records_may_be_read_from_there():
    config = PretrainingConfig(**PATHS, pretrain_tfrecords=f"{URL}/r*")
    assert config.held_out_tfrecords == f"{URL}/held_out_data.tfrecord*"
    assert pathlib.Path(config.model_dir) == pathlib.Path("d/models/m")
