"""Tokens of records that were built without counting them."""

import pytest

from data_prep import count_tokens
from electra_tf.io import records, serialization, token_counts
from electra_tf.text import id_strings


@pytest.mark.parametrize("more", [[], ["--nopadded", "--compression=GZIP"]])
def test_counting_later_gives_the_same(
    run, corpus_dir, vocab_file, tmp_path, more
):
    folder = tmp_path / "records"
    shown = run(
        "build_pretraining_dataset",
        f"--corpus_dir={corpus_dir}",
        f"--vocab_file={vocab_file}",
        f"--output_dir={folder}",
        "--max_seq_length=32",
        *more,
    )
    assert shown.returncode == 0, shown.stderr
    path = folder / token_counts.FILE_NAME
    counted = path.read_bytes()
    path.unlink()
    count_tokens.main([str(folder), f"--vocab_file={vocab_file}"])
    assert path.read_bytes() == counted


def test_damaged_records_are_named(tmp_path, vocab_file):
    path = tmp_path / records.shard_name(0, 1)
    content = serialization.frame(
        serialization.serialize([(id_strings.of([1, 2, 3]), 3)] * 2, 8)
    )
    path.write_bytes(content[:-1])
    with pytest.raises(SystemExit) as stopped:
        count_tokens.main([str(tmp_path), f"--vocab_file={vocab_file}"])
    assert f"{path} is damaged" in stopped.value.code
