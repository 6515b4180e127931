"""Pre-training through its command line, on a small made corpus."""

import contextlib
import hashlib
import io
import json
import re
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from electra_tf.configs import PretrainingConfig, to_json
from electra_tf.training.checkpoints import read_variables
from tests.small_run import (
    ROOT,
    SETTINGS,
    failure,
    pretrain,
    rows,
)


@pytest.fixture(scope="module")
def whole_run(data_dir):
    """The folder of a run that came to its end, and what it printed."""
    with contextlib.redirect_stderr(io.StringIO()) as printed:
        pretrain(data_dir, "whole", "--do_eval")
    return data_dir / "models" / "whole", printed.getvalue()


def test_trains_and_evaluates(data_dir, whole_run):
    folder, printed = whole_run
    assert "step 6/6 | mlm " in printed
    assert " | disc_auc " in printed
    metrics = rows(folder / "metrics.jsonl")
    assert [row["step"] for row in metrics] == [2, 4, 6]
    assert metrics[-1]["examples"] == 48
    assert metrics[-1]["train_flops"] > 0
    (start,) = rows(folder / "runs.jsonl")
    data = (data_dir / "pretrain_tfrecords" / "manifest.json").read_bytes()
    assert start["manifest_sha256"] == hashlib.sha256(data).hexdigest()
    results = json.loads((folder / "results/unsup_results.json").read_text())
    assert 0 <= results["disc_auc"] <= 1
    assert (
        f"disc_auc = {results['disc_auc']:.6g}"
        in (folder / "results/unsup_results.txt").read_text()
    )


def test_a_run_that_lost_its_end_repeats_it_bit_for_bit(data_dir, whole_run):
    """Dropout, masks, samples and shuffling are all functions of the step."""
    folder, _ = whole_run
    whole = read_variables(str(folder))
    for path in folder.glob("model.ckpt-6*"):
        path.unlink()
    kept = read_variables(str(folder / "model.ckpt-4"))
    assert any((kept[path] != whole[path]).any() for path in whole)

    pretrain(data_dir, folder.name)
    again = read_variables(str(folder))
    assert tf.train.latest_checkpoint(str(folder)).endswith("-6")
    for path, value in whole.items():
        np.testing.assert_array_equal(again[path], value, err_msg=path)
    steps = [row["step"] for row in rows(folder / "metrics.jsonl")]
    assert steps == [2, 4, 6]


TWO_STAGES = {
    "generator_training": "two_stage",
    "generator_hidden_size": 1.0,
    "weight_sharing": "none",
    "generator_steps": 3,
    "save_checkpoints_steps": 1,
}


def test_two_stages_resume_bit_for_bit(data_dir):
    """Before the discriminator starts from the generator, and right there."""
    pretrain(data_dir, "stages", **TWO_STAGES)
    folder = data_dir / "models" / "stages"
    whole = read_variables(str(folder))
    metrics = rows(folder / "metrics.jsonl")
    assert [row["step"] for row in metrics] == [2, 3, 4, 6]
    assert ["disc_loss" in row for row in metrics] == [False, False, True, True]
    costs = np.diff([0, *(row["train_flops"] for row in metrics)])
    np.testing.assert_allclose(costs[0], 2 * costs[1])
    np.testing.assert_allclose(costs[3], 2 * costs[2])
    kept = read_variables(str(folder / "model.ckpt-3"))
    for path in whole:
        if path.startswith("generator"):
            np.testing.assert_array_equal(kept[path], whole[path], path)
    for killed_after in (3, 2):
        for path in folder.glob("model.ckpt-*"):
            if int(path.name.split("-")[1].split(".")[0]) > killed_after:
                path.unlink()
        pretrain(data_dir, "stages", **TWO_STAGES)
        again = read_variables(str(folder))
        for path, value in whole.items():
            np.testing.assert_array_equal(again[path], value, err_msg=path)


def test_frequencies_come_from_the_build(data_dir):
    settings = {"generator": "unigram", "masking": "rare_tokens"}
    pretrain(data_dir, "unigram", num_train_steps=2, **settings)
    (row,) = rows(data_dir / "models" / "unigram" / "metrics.jsonl")
    # A vocabulary of 256, most of which never comes in this text.
    assert 1 < row["mlm_loss"] < np.log(256)
    counts = data_dir / "pretrain_tfrecords" / "token_counts.json"
    hidden = counts.rename(counts.with_suffix(".hidden"))
    try:
        message = failure(data_dir, "uncounted", **settings)
    finally:
        hidden.rename(counts)
    assert "python -m data_prep.count_tokens" in message


def test_mlm_objective(data_dir, capsys):
    pretrain(data_dir, "mlm", objective="mlm", num_train_steps=2)
    printed = capsys.readouterr().err
    assert "mlm" in printed
    assert "disc" not in printed


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"vocab_size": 30522}, "vocab_size"),
        ({"max_seq_length": 16}, "max_seq_length: 32 in the records, 16"),
        ({"do_lower_case": False}, "do_lower_case"),
    ],
)
def test_records_of_other_settings(data_dir, changes, message):
    assert message in failure(data_dir, "bad", **changes)
    assert not (data_dir / "models" / "bad").exists()


def test_weights_that_nobody_trained_are_not_evaluated(data_dir):
    assert "There is no checkpoint in" in failure(
        data_dir, "typo", "--nodo_train", "--do_eval"
    )
    assert "nothing to do" in failure(data_dir, "typo", "--nodo_train")
    assert not (data_dir / "models" / "typo").exists()


def test_a_batch_larger_than_what_is_held_out(data_dir):
    message = failure(data_dir, "large", "--do_eval", eval_batch_size=100_000)
    assert "eval_batch_size must not be more than there are" in message
    assert "Received: 100000" in message


def test_results_do_not_replace_the_vocabulary(data_dir):
    vocabulary = data_dir / "vocab.txt"
    before = vocabulary.read_bytes()
    over = str(vocabulary)
    message = failure(data_dir, "over", "--do_eval", results_txt=over)
    assert f"{vocabulary} is there already" in message
    assert vocabulary.read_bytes() == before


def test_other_inputs_on_resuming(data_dir):
    folder = data_dir / "models" / "inputs"
    folder.mkdir(parents=True)
    (folder / "inputs.json").write_text('{"manifest_sha256": "aa"}')
    message = failure(data_dir, "inputs")
    assert "manifest_sha256: aa when it began, " in message
    assert "--accept_changed_inputs" in message


def test_model_folder_of_another_config(data_dir):
    folder = data_dir / "models" / "taken"
    folder.mkdir(parents=True)
    settings = {**SETTINGS, "learning_rate": 0.125}
    vocabulary = (data_dir / "vocab.txt").read_text().splitlines()
    saved = PretrainingConfig(
        data_dir=str(data_dir),
        model_name="taken",
        vocab_size=len(vocabulary),
        **settings,
    )
    (folder / "config.json").write_text(json.dumps(to_json(saved)))
    message = failure(data_dir, "taken")
    assert "learning_rate: 0.125 in the saved config, 0.0005 now" in message


def test_missing_records(tmp_path, data_dir):
    message = failure(data_dir, "none", f"--pretrain_tfrecords={tmp_path}/x*")
    assert f"No records at {tmp_path}/x*" in message


@pytest.mark.parametrize("has_manifest", [True, False])
def test_truncated_records_are_named(tmp_path, data_dir, has_manifest):
    for path in (data_dir / "pretrain_tfrecords").iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    damaged = sorted(tmp_path.glob("pretrain_data*"))[0]
    damaged.write_bytes(damaged.read_bytes()[:-7])
    expected = f"{damaged} is cut short or damaged"
    if has_manifest:
        expected = f"{damaged.name}: {damaged.stat().st_size} bytes"
    else:
        (tmp_path / "manifest.json").unlink()
    message = failure(
        data_dir,
        "truncated",
        f"--pretrain_tfrecords={tmp_path}/pretrain_data.tfrecord*",
        objective="mlm",
        num_train_steps=1000,
        iterations_per_loop=1000,
    )
    assert expected in message


def test_truncated_records_to_evaluate_are_named(tmp_path, data_dir, whole_run):
    name = "held_out_data.tfrecord-0-of-1"
    content = (data_dir / "pretrain_tfrecords" / name).read_bytes()
    (tmp_path / name).write_bytes(content[:-7])
    flags = ("--nodo_train", "--do_eval", f"--eval_tfrecords={tmp_path}/held*")
    message = failure(data_dir, "whole", *flags, num_eval_steps=1000)
    assert f"{tmp_path}/{name} is cut short or damaged" in message


def test_records_to_evaluate_are_left_alone_without_evaluations(
    tmp_path, data_dir, whole_run, capsys
):
    pretrain(data_dir, "whole", f"--eval_tfrecords={tmp_path}/none*")
    assert "eval_tfrecords" in capsys.readouterr().err  # It has no effect.


def test_exploding_loss_names_the_steps(data_dir):
    message = failure(
        data_dir,
        "explodes",
        objective="mlm",
        learning_rate=1e30,
        num_warmup_steps=1,
        max_skipped_updates=2,
    )
    assert re.search(r"not finite in \d updates in a row, .* steps \d", message)


@pytest.mark.parametrize("program", ["run_pretraining", "run_finetuning"])
def test_a_mistake_is_told_before_tensorflow_is_imported(program):
    mistake = "--num_train_stepz=1"  # tests/test_help.py has --help.
    process = subprocess.run(
        [sys.executable, "-X", "importtime", f"{program}.py", mistake],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 2
    imported = [
        line.split("|")[-1].strip() for line in process.stderr.splitlines()
    ]
    assert "electra_tf.configs" in imported
    assert not {"tensorflow", "keras"} & set(imported)
