"""Building records."""

import pytest

from data_prep import build_pretraining_dataset
from data_prep.dataset_config import PretrainingDatasetConfig


@pytest.fixture
def build(tmp_path, vocab_file):
    """Build records of a folder; return their content by file name."""

    def build_records(place, **settings):
        number = len(list((tmp_path / "records").glob("*")))
        output = tmp_path / "records" / str(number)
        config = PretrainingDatasetConfig(
            **{
                "corpus_dir": None if place is None else str(place),
                "vocab_file": vocab_file,
                "output_dir": output,
                "max_seq_length": 32,
                **settings,
            }
        )
        build_pretraining_dataset.main(config)
        return {path.name: path.read_bytes() for path in output.iterdir()}

    return build_records
