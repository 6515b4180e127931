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
from electra_tf.conversion import convert, model_folder
from electra_tf.pretraining.masking import SpecialTokens
from electra_tf.pretraining.pretrainer import Pretrainer
from electra_tf.training.checkpoints import (
    read_training_state,
    read_variables,
)
from tests.conversion import runs

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
    kept = read_variables(str(folder / "model.ckpt-2"))
    assert any((kept[path] != whole[path]).any() for path in whole)

    pretrain(data_dir, "run", num_train_steps=4)
    again = read_variables(str(folder))
    assert tf.train.latest_checkpoint(str(folder)).endswith("-4")
    for path, value in whole.items():
        np.testing.assert_array_equal(again[path], value, err_msg=path)
    steps = [row["step"] for row in rows(folder / "metrics.jsonl")]
    assert steps == [2, 4]


TWO_STAGES = {
    "generator_training": "two_stage",
    "generator_hidden_size": 1.0,
    "weight_sharing": "none",
    "generator_steps": 3,
    "save_checkpoints_steps": 1,
}


@pytest.mark.parametrize("killed_after", [2, 3])
def test_two_stages_resume_bit_for_bit(data_dir, killed_after):
    """Before the discriminator starts from the generator, and right there."""
    name = f"stages{killed_after}"
    pretrain(data_dir, name, **TWO_STAGES)
    folder = data_dir / "models" / name
    whole = read_variables(str(folder))
    metrics = rows(folder / "metrics.jsonl")
    assert [row["step"] for row in metrics] == [2, 3, 4, 6]
    assert ["disc_loss" in row for row in metrics] == [False, False, True, True]
    costs = np.diff([0, *(row["train_flops"] for row in metrics)])
    np.testing.assert_allclose(costs[0], 2 * costs[1])
    np.testing.assert_allclose(costs[3], 2 * costs[2])
    kept = read_variables(str(folder / f"model.ckpt-{killed_after}"))
    for path in folder.glob("model.ckpt-*"):
        if int(path.name.split("-")[1].split(".")[0]) > killed_after:
            path.unlink()
    pretrain(data_dir, name, **TWO_STAGES)
    again = read_variables(str(folder))
    for path, value in whole.items():
        np.testing.assert_array_equal(again[path], value, err_msg=path)
        frozen = path.startswith("generator")
        if frozen and killed_after == 3:
            np.testing.assert_array_equal(kept[path], value, err_msg=path)


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
        num_train_steps=1000,
        iterations_per_loop=1000,
    )
    assert expected in message


def test_exploding_loss_names_the_steps(data_dir):
    message = failure(
        data_dir,
        "explodes",
        learning_rate=1e30,
        num_warmup_steps=1,
        max_skipped_updates=2,
    )
    assert re.search(r"not finite in \d updates in a row, .* steps \d", message)


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


SHAPE = ("model_hparam_overrides", "embedding_size")
# How each format is made of a run, by arguments of the converter.
FORMATS = {
    "training_run": None,
    "model_folder": ["--format", "model_folder"],
    "tf1_checkpoint": ["--format", "tf1_checkpoint"],
    "tf1_checkpoint_with_adam": ["--format", "tf1_checkpoint", "--optimizer"],
    "hugging_face": ["--format", "hugging_face", "--part", "discriminator"],
}


@pytest.fixture(scope="module")
def released(data_dir):
    """A run with random weights and a generator of full size."""
    size = len((data_dir / "vocab.txt").read_text().splitlines())
    names = {"data_dir": data_dir, "model_name": "released"}
    shape = {"vocab_size": size, "generator_hidden_size": 1.0}
    config = PretrainingConfig(**names, **SETTINGS, **shape)
    model = Pretrainer(config, SpecialTokens(2, 3, 4))
    runs.fill(model)
    return runs.save(data_dir / "models/released", config, model)


def converted(source: str, path, arguments: list[str]) -> str:
    convert.main(["--from", source, "--to", str(path), *arguments])
    return str(path)


def without_shape(data_dir, name, start, *flags) -> list[str]:
    """The command line that leaves the network to the checkpoint."""
    rest = {n: v for n, v in SETTINGS.items() if n not in SHAPE}
    # With a rate of zero the weights stay what they were.
    rest |= {"learning_rate": 0, "num_train_steps": 1}
    return [
        "run_pretraining.py",
        f"--data_dir={data_dir}",
        f"--model_name={name}",
        f"--init_checkpoint={start}",
        f"--hparams={json.dumps(rest)}",
        *flags,
    ]


SLOW = ("model_folder", "tf1_checkpoint", "tf1_checkpoint_with_adam")


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=[pytest.mark.slow] * (kind in SLOW))
        for kind in FORMATS
    ],
)
def test_starts_from_any_format(data_dir, released, tmp_path, kind):
    start, flags = released, []
    if FORMATS[kind]:
        start = converted(released, tmp_path / "start", FORMATS[kind])
    if kind == "hugging_face":
        generator = ["--format", "hugging_face", "--part", "generator"]
        path = converted(released, tmp_path / "generator", generator)
        flags = [f"--init_generator={path}"]
    name = f"from_{kind}"
    run_pretraining.main(without_shape(data_dir, name, start, *flags))
    folder = str(data_dir / "models" / name)
    runs.assert_same(read_variables(released), read_variables(folder))
    # The optimizer and its schedule are new.
    state = read_training_state(folder)
    assert state.step == 1
    before = read_training_state(released).slots
    assert all((state.slots[k] != before[k]).any() for k in before)


def test_starts_from_the_encoder_of_a_keras_hub_preset(
    data_dir, released, tmp_path
):
    preset = converted(released, tmp_path / "start", ["--format", "keras_hub"])
    name = "from_keras_hub"
    command = without_shape(data_dir, name, preset, "--allow_new_parts")
    run_pretraining.main(command)
    begun = read_variables(str(data_dir / "models" / name))
    expected = {
        path: value
        for path, value in read_variables(released).items()
        if path.startswith("electra/")
    }
    runs.assert_same(expected, {path: begun[path] for path in expected})


def test_a_discriminator_and_a_new_generator(
    data_dir, released, tmp_path, capsys
):
    half = FORMATS["hugging_face"]
    start = converted(released, tmp_path / "start", half)
    command = without_shape(data_dir, "from_half", start)
    with pytest.raises(SystemExit, match="has no generator, generator_pred"):
        run_pretraining.main(command)
    assert not (data_dir / "models/from_half").exists()

    run_pretraining.main([*command, "--allow_new_parts"])
    said = f"Starting from {start}; new: generator, generator_predictions\n"
    assert said in capsys.readouterr().err
    # Going on needs neither the decision nor the weights again.
    for path in pathlib.Path(start).iterdir():
        path.unlink()
    run_pretraining.main([*command, "--num_train_steps=2"])
    folder = str(data_dir / "models/from_half")
    assert read_training_state(folder).step == 2
    expected, received = read_variables(released), read_variables(folder)
    same = [k for k in expected if k.startswith(("electra/", "discriminator"))]
    for path in same:
        np.testing.assert_array_equal(received[path], expected[path], path)


def test_a_network_of_other_settings(data_dir, released):
    message = failure(
        data_dir,
        "other",
        f"--init_checkpoint={released}",
        "--generator_hidden_size=0.5",
        embedding_size=4,
    )
    assert f"generator_hidden_size: 1.0 in {released}, 0.5 given" in message
    assert f"embedding_size: 8 in {released}, 4 given" in message
    assert not (data_dir / "models/other").exists()


def test_another_vocabulary_than_that_of_the_start(
    data_dir, released, tmp_path
):
    start = converted(released, tmp_path / "start", FORMATS["model_folder"])
    vocab = pathlib.Path(start, model_folder.VOCAB_FILE)
    first, *rest = vocab.read_text().splitlines()[5:]
    special = vocab.read_text().splitlines()[:5]
    vocab.write_text("\n".join([*special, *rest, first]) + "\n")
    with pytest.raises(SystemExit, match=r"vocab.txt is not that of"):
        run_pretraining.main(without_shape(data_dir, "vocab", start))


def test_mismatches_are_found_before_tensorflow(data_dir, released, tmp_path):
    start = converted(released, tmp_path / "start", FORMATS["hugging_face"])
    for change in ([], ["--embedding_size=4"]):
        command = without_shape(data_dir, "early", start, *change)
        process = subprocess.run(
            [sys.executable, "-X", "importtime", *command],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert process.returncode == 1
        assert "electra_tf.conversion.initial" in process.stderr
        imported = {
            line.split("|")[-1].strip() for line in process.stderr.splitlines()
        }
        assert not {"tensorflow", "keras"} & imported
