"""Pre-training through its command line, on a small made corpus."""

import hashlib
import json
import pathlib
import random
import re
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import run_pretraining
from electra_tf.configs import PretrainingConfig, to_json
from electra_tf.training.checkpoints import read_variables

ROOT = pathlib.Path(__file__).parents[1]
NAMES = ("cat", "dog", "bird", "fish", "horse", "king", "queen", "child")
VERBS = ("sees", "likes", "finds", "follows", "helps", "hears", "feeds")
ENCODER = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 32,
}
SETTINGS = {
    "model_hparam_overrides": ENCODER,
    "embedding_size": 8,
    "max_seq_length": 32,
    "train_batch_size": 8,
    "eval_batch_size": 8,
    "num_eval_steps": 2,
    "num_train_steps": 6,
    "iterations_per_loop": 2,
    "save_checkpoints_steps": 2,
    "num_warmup_steps": 2,
}


def run(*arguments) -> str:
    """Run a program in a process of its own; return what it printed."""
    process = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    return process.stderr


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """Text, vocabulary and records, all by the real programs."""
    folder = tmp_path_factory.mktemp("data")
    corpus = folder / "corpus"
    corpus.mkdir()
    rng = random.Random(0)
    for number in range(4):
        lines = [
            f"The {rng.choice(NAMES)} {rng.choice(VERBS)} the "
            f"{rng.choice(NAMES)}."
            for _ in range(400)
        ]
        documents = ["\n".join(lines[i : i + 10]) for i in range(0, 400, 10)]
        (corpus / f"{number}.txt").write_text("\n\n".join(documents))
    run(
        *("-m", "data_prep.build_vocab", f"--corpus_dir={corpus}"),
        *(f"--output_file={folder / 'vocab.txt'}", "--vocab_size=256"),
    )
    run(
        *("-m", "data_prep.build_pretraining_dataset"),
        *(f"--corpus_dir={corpus}", f"--vocab_file={folder / 'vocab.txt'}"),
        *(f"--output_dir={folder / 'pretrain_tfrecords'}",),
        *("--max_seq_length=32", "--held_out_share=0.2"),
    )
    return folder


def command_line(data_dir, name, *flags, **settings) -> list[str]:
    vocabulary = (data_dir / "vocab.txt").read_text().splitlines()
    hparams = {**SETTINGS, "vocab_size": len(vocabulary), **settings}
    return [
        "run_pretraining.py",
        f"--data-dir={data_dir}",
        f"--model-name={name}",
        f"--hparams={json.dumps(hparams)}",
        *flags,
    ]


def pretrain(data_dir, name, *flags, **settings):
    """Run the program in this process, which has TensorFlow loaded."""
    run_pretraining.main(command_line(data_dir, name, *flags, **settings))


def failure(data_dir, name, *flags, **settings) -> str:
    """Return the message the program exits with."""
    with pytest.raises(SystemExit) as error:
        pretrain(data_dir, name, *flags, **settings)
    return str(error.value)


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_trains_and_evaluates(data_dir):
    printed = run(*command_line(data_dir, "whole", "--do_eval"))
    assert "step 6/6 | mlm " in printed
    assert " | disc_auc " in printed
    folder = data_dir / "models" / "whole"
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


def test_a_run_that_lost_its_end_repeats_it_bit_for_bit(data_dir):
    """Dropout, masks, samples and shuffling are all functions of the step."""
    pretrain(data_dir, "run", num_train_steps=4)
    folder = data_dir / "models" / "run"
    whole = read_variables(str(folder))
    for path in folder.glob("model.ckpt-4*"):
        path.unlink()
    kept = str(folder / "model.ckpt-2")
    tf.compat.v1.train.update_checkpoint_state(str(folder), kept, [kept])
    assert any((read_variables(kept)[k] != whole[k]).any() for k in whole)

    pretrain(data_dir, "run", num_train_steps=4)
    again = read_variables(str(folder))
    assert tf.train.latest_checkpoint(str(folder)).endswith("-4")
    for path, value in whole.items():
        np.testing.assert_array_equal(again[path], value, err_msg=path)
    steps = [row["step"] for row in rows(folder / "metrics.jsonl")]
    assert steps == [2, 4, 4]


def test_mlm_objective(data_dir, capsys):
    pretrain(data_dir, "mlm", electra_objective=False, num_train_steps=2)
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


def test_truncated_records_are_named(tmp_path, data_dir):
    for path in (data_dir / "pretrain_tfrecords").iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    damaged = sorted(tmp_path.glob("pretrain_data*"))[0]
    damaged.write_bytes(damaged.read_bytes()[:-7])
    message = failure(
        data_dir,
        "truncated",
        f"--pretrain_tfrecords={tmp_path}/pretrain_data.tfrecord*",
        num_train_steps=1000,
        iterations_per_loop=1000,
    )
    assert f"{damaged} is cut short or damaged" in message


def test_exploding_loss_names_the_step(data_dir):
    message = failure(
        data_dir, "explodes", learning_rate=1e30, num_warmup_steps=1
    )
    assert re.search(r"The loss of step \d is not finite", message)


@pytest.mark.parametrize("program", ["run_pretraining", "run_finetuning"])
@pytest.mark.parametrize("flag", ["--help", "--num_train_stepz=1"])
def test_answers_before_tensorflow_is_imported(program, flag):
    process = subprocess.run(
        [sys.executable, "-X", "importtime", f"{program}.py", flag],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert process.returncode == (0 if flag == "--help" else 2)
    imported = [
        line.split("|")[-1].strip() for line in process.stderr.splitlines()
    ]
    assert "electra_tf.configs" in imported
    assert not {"tensorflow", "keras"} & set(imported)
