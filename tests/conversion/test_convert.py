"""The command line of conversion."""

import pytest

from electra_tf.conversion import convert
from tests.conversion import runs


def test_a_vocabulary_that_is_not_there_is_an_error(tmp_path):
    run = runs.save(tmp_path / "run", *runs.pretrained(tmp_path))
    arguments = ["--from", run, "--to", str(tmp_path / "to")]
    with pytest.raises(SystemExit, match="No vocabulary file at nowhere"):
        convert.main([*arguments, "--vocab_file", "nowhere"])
    assert not (tmp_path / "to").exists()
