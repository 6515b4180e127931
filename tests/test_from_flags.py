"""Command lines: what wins, what is refused, and how fast."""

import functools
import json
import shlex
import subprocess
import sys
import time

import pytest

from electra_tf.configs import (
    FinetuningConfig,
    PretrainingConfig,
    encoder_config,
    from_flags,
)
from electra_tf.errors import UserError

REQUIRED = ("--data-dir=D", "--model-name=M")
ANSWER_SECONDS = 1.5


def pretraining(*arguments) -> PretrainingConfig:
    argv = ["run_pretraining.py", *REQUIRED, *arguments]
    return from_flags.read(PretrainingConfig, argv)


def finetuning(*arguments) -> FinetuningConfig:
    argv = ["run_finetuning.py", *REQUIRED, *arguments]
    return from_flags.read(FinetuningConfig, argv)


def test_pretraining_command_line_of_the_original():
    command = (
        "run_pretraining.py --data-dir D --model-name electra_small_owt "
        """--hparams '{"debug": true, "num_train_steps": 1e2}'"""
    )
    config = from_flags.parse(PretrainingConfig, shlex.split(command))
    assert config.model_dir == "D/models/electra_small_owt"
    assert (config.debug, config.num_train_steps) == (True, 100)


def test_finetuning_command_line_of_the_original():
    command = (
        "run_finetuning.py --data-dir D --model-name electra_base --hparams "
        """'{"model_size": "base", "task_names": ["cola"]}'"""
    )
    config = from_flags.parse(FinetuningConfig, shlex.split(command))
    assert (config.model_size, config.task_names) == ("base", ("cola",))


@pytest.mark.parametrize(
    ("arguments", "name", "expected"),
    [
        (["--debug"], "debug", True),
        (["--nodo_train"], "do_train", False),
        (["--nodo-train"], "do_train", False),
        (["--do_train=false"], "do_train", False),
        (["--num-train-steps=1e3"], "num_train_steps", 1000),
        (["--num_train_steps", "1_000"], "num_train_steps", 1000),
        (["--learning_rate=3e-4"], "learning_rate", 3e-4),
        (["--init_checkpoint=null"], "init_checkpoint", None),
        (
            ['--model_hparam_overrides={"hidden_size": 64}'],
            "model_hparam_overrides",
            {"hidden_size": 64},
        ),
        (["--verbosity=0", "--seed=7"], "seed", 7),
        (["--verbosity", "0", "--seed=7"], "seed", 7),
    ],
)
def test_values_of_every_kind(arguments, name, expected):
    assert getattr(pretraining(*arguments), name) == expected


@pytest.mark.parametrize("text", ["cola,rte", '["cola", "rte"]'])
def test_lists(text):
    assert finetuning("--task-names", text).task_names == ("cola", "rte")


def test_negative_numbers_may_follow_a_space():
    assert finetuning("--qa_na_threshold", "-2.5").qa_na_threshold == -2.5


def test_precedence(tmp_path):
    def length(*arguments):
        return finetuning(*arguments).max_seq_length

    task = "--task_names=squad"
    file = tmp_path / "mine.flags"
    file.write_text("# mine\n\n--max-seq-length=10\n")
    from_file = f"--flagfile={file}"
    from_json = '--hparams={"max_seq_length": 20}'
    assert length() == 256
    assert length(task) == 512
    assert length(task, from_file) == 10
    assert length(task, from_json, from_file) == 20
    assert length(task, "--max_seq_length=30", from_json, from_file) == 30


def test_hparams_of_a_file_lose_to_those_of_the_command_line(tmp_path):
    file = tmp_path / "mine.flags"
    file.write_text('--seed=1\n--hparams={"seed": 2, "do_eval": true}\n')
    config = pretraining("--flagfile", str(file))
    assert (config.seed, config.do_eval) == (2, True)
    config = pretraining('--hparams={"seed": 3}', "--flagfile", str(file))
    assert (config.seed, config.do_eval) == (3, True)


def test_later_files_win_over_hparams_of_earlier_ones(tmp_path):
    first, second, third = (tmp_path / f"{name}.flags" for name in "abc")
    first.write_text('--hparams={"seed": 1, "learning_rate": 0.1}\n')
    second.write_text("--seed=2\n")
    third.write_text(f"--flagfile={first}\n--seed=3\n")
    for files, seed in (
        ((first, second), 2),
        ((second, first), 1),
        ((third,), 3),
        ((third, first), 1),  # Files win over those before.
    ):
        config = pretraining(*(f"--flagfile={file}" for file in files))
        assert (config.seed, config.learning_rate) == (seed, 0.1)


def test_files_that_name_each_other_are_refused(tmp_path):
    first, second = tmp_path / "a.flags", tmp_path / "b.flags"
    first.write_text(f"--flagfile={second}\n")
    second.write_text(f"// Again.\n--flagfile={first}\n")
    with pytest.raises(UserError, match=r"b\.flags: .*the file names itself"):
        pretraining(f"--flagfile={first}")


@pytest.mark.parametrize(
    "line",
    [
        "--data_dir=data  # records",
        '--data_dir="my data"',
        "--seed='3'",
        "--model_name=a\t# b",
    ],
)
def test_what_a_shell_takes_off_is_refused_in_a_file(tmp_path, line):
    file = tmp_path / "mine.flags"
    file.write_text(f"--seed=4\n{line}\n")
    with pytest.raises(UserError, match=r"mine\.flags: The value of a flag is"):
        pretraining(f"--flagfile={file}")
    file.write_text('# "a"\n--data_dir=a#b\n--hparams={"model_name": "a #b"}\n')
    config = from_flags.read(PretrainingConfig, ["x", f"--flagfile={file}"])
    assert (config.data_dir, config.model_name) == ("a#b", "a #b")


def test_no_checkpoint_and_not_from_scratch_is_a_contradiction():
    settings = '{"init_checkpoint": null, "from_scratch": false}'
    with pytest.raises(UserError, match="from_scratch false forbids"):
        finetuning(f"--hparams={settings}")


@pytest.mark.parametrize("width", [96, 512])
def test_whole_numbers_may_be_written_with_a_point(width):
    shapes = [
        encoder_config(
            pretraining(f'--hparams={{"model_hparam_overrides": {overrides}}}')
        )
        for overrides in (
            f'{{"hidden_size": {width}, "num_hidden_layers": 3}}',
            f'{{"hidden_size": {width}.0, "num_hidden_layers": 3e0}}',
        )
    ]
    assert shapes[0] == shapes[1]
    assert shapes[1].num_attention_heads == width // 64
    assert shapes[1].intermediate_size == 4 * width


def test_hparams_may_be_a_file(tmp_path):
    file = tmp_path / "mine.json"
    file.write_text(json.dumps({"task_names": ["sst"]}))
    assert finetuning("--hparams", str(file)).task_names == ("sst",)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ["--data_dri=x"],
            "Unknown flag '--data_dri'. Did you mean '--data_dir'?",
        ),
        (["--nodo_trian"], "Unknown flag '--nodo_trian'."),
        (
            ["--preset=smal"],
            "Received: 'smal'. Did you mean 'small'? Presets: ",
        ),
        (
            ["--flagfile=none.txt"],
            "names no file or preset. Received: 'none.tx",
        ),
        (["--flagfile"], "names no file or preset. Received: ''."),
        (["--preset=finetune_small"], "Unknown flag '--layerwise_lr_decay'."),
        (["--seed"], "Missing value for flag --seed."),
        (["stray"], "Unexpected argument 'stray'. Write --name=value"),
        (["--do_train", "false"], "Unexpected argument 'false'."),
        (["--nodo_train=1"], "--nodo_train=1 does not take an argument"),
        (["--do_train=maybe"], "must be true or false. Received: 'maybe'."),
        (["--seed=x"], "seed must be an int of at least 0. Received: 'x'."),
        (["--seed=1.5"], "seed must be an int of at least 0. Received: 1.5."),
        (["--mask_prob=2"], "more than 0 and less than 1. Received: 2.0."),
        (["--model_size=bass"], "Received: 'bass'. Did you mean 'base'?"),
        (
            ["--model_hparam_overrides={"],
            "must be a JSON object. Received: '{'",
        ),
        (
            ['--model_hparam_overrides={"hidden_size": 4, "hidden_size": 8}'],
            '--model_hparam_overrides={"hidden_size": 4, "hidden_size": 8}: '
            "the key 'hidden_size' comes twice",
        ),
        (
            ['--hparams={"seed": 1, "mask_prob": 0.1, "seed": 2}'],
            "(no JSON: the key 'seed' comes twice)",
        ),
        (["--hparams={"], "JSON object, or the path of a .json file. Received"),
        (["--hparams=[1]"], "must be a JSON object. Received: '[1]'."),
        (["--hparams=no.json"], "cannot be read. Received: 'no.json'"),
        (
            ['--hparams={"mask_prb": 0.1}'],
            "Unknown --hparams key 'mask_prb'. Did you mean 'mask_prob'? "
            "Its keys are the settings that --helpfull lists",
        ),
        (
            ['--hparams={"mask_prob": "a"}'],
            "mask_prob must be a float of more than 0 and less than 1. "
            "Received: 'a'.",
        ),
        (
            ["--electric_objective", "--uniform_generator"],
            "two_tower_generator needs its own networks.",
        ),
        (
            ['--model_hparam_overrides={"hidden_size": "a"}'],
            "hidden_size must be an int of at least 1. Received: 'a'.",
        ),
        (
            ["--hparams=" + 100_000 * "["],
            "JSON object, or the path of a .json file. Received",
        ),
        (
            ['--hparams={"learning_rate": 1' + 400 * "0" + "}"],
            "learning_rate must be a float of at least 0. Received: 1000",
        ),
    ],
)
def test_mistakes_exit_with_one_message(arguments, expected, capsys):
    argv = ["/some/run_pretraining.py", *REQUIRED, *arguments]
    with pytest.raises(SystemExit) as stopped:
        from_flags.parse(PretrainingConfig, argv)
    assert stopped.value.code == 2
    captured = capsys.readouterr()
    assert expected in captured.err
    assert captured.err.startswith("run_pretraining.py: ")
    assert captured.out == ""


def test_a_mistake_in_a_flag_file_names_the_file(tmp_path):
    file = tmp_path / "mine.flags"
    file.write_text("--no_such_flag=1\n")
    with pytest.raises(ValueError, match=r"In .*mine\.flags: Unknown flag"):
        pretraining(f"--flagfile={file}")


@pytest.mark.parametrize("name", ["mine.flags", "mine.json"])
def test_a_binary_file_is_reported(name, tmp_path):
    file = tmp_path / name
    file.write_bytes(b"\xff\xff")
    flag = "--flagfile" if name.endswith(".flags") else "--hparams"
    with pytest.raises(UserError, match=f"{name}.*utf-8"):
        pretraining(f"{flag}={file}")


def test_a_missing_nested_flag_file_is_reported(tmp_path):
    file = tmp_path / "mine.flags"
    file.write_text("--flagfile=no_such_file\n")
    with pytest.raises(ValueError, match=r"In .*mine\.flags: .*no_such_file"):
        pretraining(f"--flagfile={file}")


def test_required_flags_are_named():
    with pytest.raises(ValueError, match="--model_name is required: name of"):
        from_flags.read(PretrainingConfig, ["program", "--data_dir=D"])


def test_the_released_booleans(tmp_path):
    assert pretraining("--nountied_generator").weight_sharing == "all"
    assert pretraining("--untied-generator=false").weight_sharing == "all"
    settings = '--hparams={"electra_objective": false}'
    assert pretraining(settings).objective == "mlm"
    assert pretraining(settings, "--electra_objective").objective == "rtd"
    file = tmp_path / "mine.flags"
    file.write_text("--electric_objective\n")
    assert pretraining(f"--flagfile={file}").generator == "two_towers"
    with pytest.raises(UserError, match="objective 'mlm' contradicts"):
        pretraining(f"--flagfile={file}", "--objective=mlm")


PROGRAM = """
import sys
from absl import app
from electra_tf.configs import PretrainingConfig
from electra_tf.errors import UserError
from electra_tf.configs import from_flags
import functools

def main(config):
    print(config.model_name)

try:
    parser = functools.partial(from_flags.parse, PretrainingConfig)
    app.run(main, flags_parser=parser)
finally:
    slow = [name for name in ("tensorflow", "keras") if name in sys.modules]
    print("imported", slow)
"""


@functools.cache
def run_program(*arguments) -> tuple[subprocess.CompletedProcess, float]:
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        capture_output=True,
        text=True,
    )
    return done, time.perf_counter() - started


@pytest.mark.parametrize(
    ("argument", "status"), [("--help", 0), ("--data_dri=x", 2)]
)
def test_answers_come_at_once_and_without_tensorflow(argument, status):
    done, seconds = run_program(argument)
    assert done.returncode == status
    assert "imported []" in done.stdout
    assert "Traceback" not in done.stderr
    assert seconds < ANSWER_SECONDS


def test_absl_runs_main_with_the_config():
    done, _ = run_program(*REQUIRED)
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == "M"


@pytest.mark.parametrize("name", ["embedding_size", "max_seq_length", "seed"])
@pytest.mark.parametrize("value", ["1e30", "1e308", "1e400", "[]", "{}", "[1]"])
def test_sizes_that_are_none(name, value):
    for argument in (f"--{name}={value}", f'--hparams={{"{name}": {value}}}'):
        with pytest.raises(UserError, match=f"{name} must be"):
            pretraining(argument)


def test_a_name_is_text():
    for value in ('["a"]', '{"a": 1}', "[[]]", '"a\\u0000b"'):
        flag = f'--hparams={{"model_name": {value}}}'
        with pytest.raises(UserError, match="model_name must be"):
            from_flags.read(PretrainingConfig, ["p", "--data_dir=D", flag])
