"""The command line of conversion."""

import pytest

from electra_tf.conversion import convert
from tests.conversion import runs


def test_a_flag_without_an_effect_is_an_error(tmp_path):
    run = runs.save(tmp_path / "run", *runs.pretrained(tmp_path))
    arguments = ["--from", run, "--to", str(tmp_path / "to")]
    with pytest.raises(SystemExit, match="No vocabulary file at nowhere"):
        convert.main([*arguments, "--vocab_file", "nowhere"])
    for flags in (
        ["--cased"],
        ["--keep_accents"],
        ["--num_attention_heads=7"],
        ["--hidden_act=gelu_new"],
        ["--optimizer"],
        ["--labels", "a", "b"],
        ["--part=generator"],
    ):
        name = flags[0].partition("=")[0]
        with pytest.raises(SystemExit, match=f"convert: {name} has no effect"):
            convert.main([*arguments, *flags])
    assert not (tmp_path / "to").exists()
