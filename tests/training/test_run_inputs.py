"""What a run is trained on may not change under it."""

import pytest

from electra_tf.errors import UserError
from electra_tf.training import run_inputs

INPUTS = {"vocab_sha256": "aa", "shards": 4}


def test_the_same_inputs_go_on(tmp_path):
    for _ in range(2):
        run_inputs.check(str(tmp_path), INPUTS, accept=False)


def test_other_inputs_are_refused_unless_accepted(tmp_path, capsys):
    run_inputs.check(str(tmp_path), INPUTS, accept=False)
    changed = {**INPUTS, "shards": 3}
    with pytest.raises(UserError) as error:
        run_inputs.check(str(tmp_path), changed, accept=False)
    assert "shards: 4 when it began, 3 now" in str(error.value)
    assert "--accept_changed_inputs" in str(error.value)
    run_inputs.check(str(tmp_path), changed, accept=True)
    assert "shards: 4 when it began, 3 now" in capsys.readouterr().err
    run_inputs.check(str(tmp_path), changed, accept=False)


@pytest.mark.parametrize("content", ["", "{", "[1]", '"x"', "[[[["])
def test_a_damaged_file_is_put_aside(tmp_path, content, capsys):
    path = tmp_path / run_inputs.INPUTS_FILE
    path.write_text(content)
    run_inputs.check(str(tmp_path), INPUTS, accept=False)
    assert "is damaged" in capsys.readouterr().err
    assert (tmp_path / "inputs.json.damaged").read_text() == content
    with pytest.raises(UserError):
        run_inputs.check(str(tmp_path), {"shards": 3}, accept=False)
