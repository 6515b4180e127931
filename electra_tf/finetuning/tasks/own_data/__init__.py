"""Tasks of a user's own data, and where the data of a split are."""

from electra_tf.configs import FinetuningConfig
from electra_tf.finetuning.tasks import tfds_source
from electra_tf.finetuning.tasks.tables import Table, read_table
from electra_tf.finetuning.tasks.task import DEV, TEST, TRAIN

FILES = {TRAIN: "train_file", DEV: "dev_file", TEST: "test_file"}
TFDS_SPLITS = {
    TRAIN: "tfds_train_split",
    DEV: "tfds_dev_split",
    TEST: "tfds_test_split",
}


def read_own_table(config: FinetuningConfig, split: str) -> Table:
    """Return the rows of a split, from a file or TensorFlow Datasets."""
    if config.tfds_name is None:
        return read_table(file_of(config, split))
    return tfds_source.read_split(
        config.tfds_name,
        getattr(config, TFDS_SPLITS[split]),
        config.tfds_data_dir,
    )


def file_of(config: FinetuningConfig, split: str) -> str:
    """Return the path of a split's file."""
    return getattr(config, FILES[split])
