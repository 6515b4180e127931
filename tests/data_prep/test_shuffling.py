"""How well examples are mixed between a corpus in order and training."""

import numpy as np
import pytest

from data_prep import build_pretraining_dataset, corpus
from data_prep.dataset_config import PretrainingDatasetConfig
from electra_tf import configs
from electra_tf.io import record_files
from electra_tf.pretraining import inputs

# Words of the vocabulary, each the topic of a file.
TOPICS = (
    *("king", "saw", "tower", "near", "great", "river", "morning", "horse"),
    *("lost", "behind", "garden", "village", "london", "built", "every"),
    "day",
)
DOCUMENTS = 400
BATCH = 32


@pytest.fixture
def topics_read(tmp_path, vocab_file, monkeypatch):
    """Build from files in some order; return the topics in reading order."""
    monkeypatch.setattr(corpus, "BYTES_PER_JOB", 20_000)
    monkeypatch.setattr(corpus, "SMALLEST_UNIT", 1000)

    def read(topics, name):
        folder = tmp_path / name
        folder.mkdir()
        for number, topic in enumerate(topics):
            line = f"the {topic} {'was ' * 12}"
            text = "\n\n".join([line] * DOCUMENTS)
            (folder / f"{number:02}.txt").write_text(text)
        config = PretrainingDatasetConfig(
            corpus_dir=str(folder),
            vocab_file=str(vocab_file),
            output_dir=str(tmp_path / f"{name}-out"),
            max_seq_length=16,
            num_out_files=32,
        )
        build_pretraining_dataset.main(config)
        reading = configs.PretrainingConfig(
            data_dir="-",
            model_name="-",
            pretrain_tfrecords=f"{config.output_dir}/pretrain_data.tfrecord*",
            max_seq_length=16,
            train_batch_size=BATCH,
            shuffle_buffer_size=1000,
        )
        files = record_files.find(reading.pretrain_tfrecords)
        batches = inputs.training_dataset(reading, files, start_step=0)
        number = len(topics) * DOCUMENTS // BATCH
        ids = [b.input_ids[:, 2] for b in batches.take(number)]
        return np.unique(ids, return_inverse=True)[1].reshape(number, BATCH)

    return read


def unevenness(topics):
    """How much batches differ, beside batches drawn at random, whose is 1.

    The sum over the topics of the variance of their share of a batch.
    """
    number = len(np.unique(topics))
    shares = (topics[..., None] == np.arange(number)).mean(axis=1)
    expected = (1 / number) * (1 - 1 / number) / topics.shape[1] * number
    return shares.var(axis=0).sum() / expected


def test_order_of_files_does_not_matter(topics_read):
    found = {
        name: unevenness(topics_read(order, name))
        for name, order in {
            "sorted": TOPICS,
            "reversed": TOPICS[::-1],
            "mixed": TOPICS[::2] + TOPICS[1::2],
        }.items()
    }
    # Unshuffled it would be 32, the size of a batch.
    assert max(found.values()) < 2, found
    ordered = np.repeat(np.arange(16), 25 * BATCH // 2).reshape(-1, BATCH)
    assert unevenness(ordered) > 30
