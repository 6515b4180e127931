"""What the files of GLUE may look like."""

import pytest

from electra_tf.finetuning.tasks import task_table
from electra_tf.finetuning.tasks.sentences.classification import Example
from electra_tf.finetuning.tasks.task import DataError
from tests.finetuning import sentences


def read(folder, name: str, split: str, text: str, **settings) -> list:
    (folder / name).mkdir()
    (folder / name / f"{split}.tsv").write_text(text, "utf-8")
    config = sentences.config(
        task_names=[name], raw_data_dir=str(folder / "{}"), **settings
    )
    return task_table.tasks(config)[0].examples(split)


def test_rows_with_too_few_columns_keep_their_number(tmp_path):
    text = "sentence\tlabel\na\t1\nbroken\nb\t0\n"
    assert read(tmp_path, "sst", "train", text) == [
        Example(0, "a", None, 1),
        Example(2, "b", None, 0),
    ]


def test_byte_order_mark_of_mrpc(tmp_path):
    text = "\ufeffQuality\t1\t2\ts\ts\n1\t1\t2\ta\tb\n"
    assert read(tmp_path, "mrpc", "dev", text) == [Example(0, "a", "b", 1)]


def test_training_pairs_without_order_are_doubled(tmp_path):
    text = "Quality\t1\t2\ts\ts\n1\t1\t2\ta\tb\n"
    assert read(tmp_path, "mrpc", "train", text) == [
        Example(0, "a", "b", 1),
        Example(1, "b", "a", 1),
    ]


def test_test_sets_have_no_labels(tmp_path):
    text = "index\tsentence\n0\ta film\n"
    assert read(tmp_path, "cola", "test", text) == [
        Example(0, "a film", None, 0)
    ]


def test_debug_reads_the_first_rows(tmp_path):
    text = "sentence\tlabel\n" + "a\t1\n" * 500
    assert len(read(tmp_path, "sst", "train", text, debug=True)) == 99


def test_an_unknown_label_is_located(tmp_path):
    text = "sentence\tlabel\na\t1\nb\t2\n"
    with pytest.raises(DataError) as error:
        read(tmp_path, "sst", "train", text)
    assert str(error.value).endswith(
        "train.tsv, row 3: unknown label '2'; the labels are '0', '1'. "
        "Read: ['b', '2']"
    )


def test_a_file_of_broken_rows(tmp_path):
    with pytest.raises(DataError, match="holds no example"):
        read(tmp_path, "sst", "train", "sentence\tlabel\nbroken\n")


def test_a_missing_file(tmp_path):
    config = sentences.config(raw_data_dir=str(tmp_path / "{}"))
    with pytest.raises(FileNotFoundError) as error:
        task_table.tasks(config)[0].examples("dev")
    assert "Expected the dev file of GLUE's sst there" in str(error.value)
