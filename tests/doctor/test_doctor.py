"""The doctor: what it finds, what it says of it, and how it ends."""

import types

import pytest

from electra_tf.doctor import (
    FAILED,
    NOTE,
    OK,
    fit,
    installation,
    machine,
    probe,
)
from electra_tf.doctor import __main__ as doctor
from electra_tf.doctor.machine import Gpu
from electra_tf.efficiency import config_files
from electra_tf.errors import UserError

GB = 10**9
H100 = Gpu("H100", "570.1", 80 * GB, 79 * GB)
JOB = (
    '{"cluster": {"worker": ["a:1", "b:2"]}, "task": {"type": "worker", '
    '"index": 0}}'
)
MANY = "--distribution_strategy=multi_worker_mirrored"
FACTS = {"devices": ["CPU"], "cuda": "12.5", "keras": "3", "product": 64.0**3}


@pytest.fixture
def ran(monkeypatch, capsys):
    """The program, beside a TensorFlow that is imported already."""
    monkeypatch.setattr(probe, "run", lambda: FACTS | probe.facts())

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            doctor.main(list(arguments))
        return ended.value.code, capsys.readouterr()

    return run


def test_an_installation_that_works(ran, monkeypatch):
    for name in (*installation.VARIABLES, *installation.SURPRISES):
        monkeypatch.delenv(name, raising=False)
    status, printed = ran("--train_batch_size=8")
    assert (status, FAILED in printed.out) == (0, False), printed.out
    assert "small, batches of 8 x 128, 14.2M parameters" in printed.out
    assert printed.out.endswith("All is well.\n")
    assert all(len(line) < 80 for line in printed.out.splitlines())


def test_what_fails_is_counted_and_is_the_status(ran, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    status, printed = ran("--model_size=large", "--train_batch_size=1000000")
    assert status == 1
    assert "FAILED  KERAS_BACKEND" in printed.out
    assert "FAILED  memory of a step" in printed.out
    assert "2 checks failed." in printed.out


def test_flags_that_neither_program_has(ran):
    status, printed = ran("--num_trails=3")
    assert status == 2
    assert printed.err.startswith("doctor: Unknown flag '--num_trails'")


@pytest.mark.parametrize("flag", ["--help", "--help=true", "-h"])
def test_help(flag, capsys):
    doctor.main([flag])
    assert "The exit status is 1 where one failed" in capsys.readouterr().out


def test_version(capsys):
    doctor.main(["--version"])
    assert capsys.readouterr().out.startswith("electra_tf ")


@pytest.mark.parametrize(
    ("variable", "flags", "failing"),
    [
        ("{broken", [], "must name the processes"),
        (JOB, [], "Set distribution_strategy to"),
        (JOB, [MANY, "--train_batch_size=7"], "a multiple of the 2 processes"),
        (JOB, [MANY], None),
        (None, [MANY], "needs the environment variable"),
        (None, [], None),
    ],
)
def test_jobs_are_held_against_the_config(
    monkeypatch, variable, flags, failing
):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if variable:
        monkeypatch.setenv("TF_CONFIG", variable)
    rows = {
        row.check: row for row in fit.rows(config_files.of_flags(flags), [])
    }
    assert ("processes of a job" in rows) == (failing is not None)
    if failing:
        assert failing in rows["processes of a job"].found


@pytest.mark.parametrize(
    ("tensorflow", "text", "status"),
    [
        ("2.20.0", "2.20.1", OK),
        ("2.21.0", "2.20.1", FAILED),
        ("2.21", "", FAILED),
    ],
)
def test_operations_of_another_tensorflow_do_not_load(tensorflow, text, status):
    row = installation.minor_versions(tensorflow, text)
    assert row.status == status
    minor = ".".join(tensorflow.split(".")[:2])
    assert status == OK or f"tensorflow-text=={minor}.*" in row.advice


def test_requirements_are_those_without_extras_of_this_python():
    asked = [
        "keras<4,>=3.10",
        "absl_py>=1",
        'six; extra == "test"',
        'old; python_version < "3"',
        "h5py>=3",
    ]
    found = {"keras": "2.15", "absl-py": "2.1"}
    row = installation.requirements(asked, found)
    assert row.status == FAILED
    assert row.found == "keras<4,>=3.10, found 2.15; h5py>=3, found None"
    assert installation.requirements(asked[1:2], found).status == OK


def _distribution(name, place):
    return types.SimpleNamespace(
        metadata={"Name": name}, version="1", locate_file=lambda _: place
    )


@pytest.mark.parametrize(
    ("there", "failing"),
    [
        ([("keras", "a"), ("tensorflow", "a")], []),
        ([("keras", "a"), ("keras", "b")], ["one keras"]),
        ([("Keras_Nightly", "a"), ("keras", "a")], ["one keras"]),
        ([("tf_nightly", "a"), ("tensorflow", "a")], ["one tensorflow"]),
    ],
)
def test_two_of_a_kind(monkeypatch, there, failing):
    found = [_distribution(*one) for one in there]
    monkeypatch.setattr(installation.metadata, "distributions", lambda: found)
    rows = [row for row in installation._rivals() if row.status == FAILED]
    assert [row.check for row in rows] == failing


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("KERAS_BACKEND", "jax", FAILED),
        ("KERAS_BACKEND", "tensorflow", None),
        ("TF_USE_LEGACY_KERAS", "1", FAILED),
        ("TF_USE_LEGACY_KERAS", "0", None),
        ("TF_CONFIG", "{}", NOTE),
        ("HF_HUB_OFFLINE", "1", NOTE),
    ],
)
def test_variables(name, value, status):
    rows = {row.check: row for row in installation.variables({name: value})}
    assert rows.get(name, (None,))[0] == status
    assert (name in rows["environment"].found) == (status is None)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (None, OK),
        ('{"floatx": "float32"}', OK),
        ('{"floatx": "float16"}', NOTE),
        ("{", FAILED),
        ("[]", FAILED),
    ],
)
def test_keras_file(tmp_path, content, status):
    if content:
        (tmp_path / "keras.json").write_text(content)
    row = installation._keras_file({"KERAS_HOME": str(tmp_path)})
    assert row.status == status


@pytest.mark.parametrize(
    ("facts", "environment", "driver", "said"),
    [
        ({}, {"CUDA_VISIBLE_DEVICES": "-1"}, True, "hides all GPUs"),
        ({}, {"CUDA_VISIBLE_DEVICES": ""}, True, "hides all GPUs"),
        ({"cuda": None}, {}, True, "a build without CUDA"),
        ({"cuda": "12.5"}, {}, False, "no NVIDIA driver"),
        ({"cuda": "12.5"}, {}, True, "tensorflow[and-cuda]"),
    ],
)
def test_why_there_is_no_gpu(monkeypatch, facts, environment, driver, said):
    monkeypatch.setattr(machine.glob, "glob", lambda _: [])
    monkeypatch.setattr(machine, "has_driver", lambda: driver)
    assert said in machine.why_none(facts, environment)


def test_a_gpu_that_tensorflow_cannot_use_fails():
    (gpu, device) = machine.device_rows(FACTS, [H100], {})
    assert (gpu.status, device.status) == (OK, FAILED)
    busy = H100._replace(free=10 * GB)
    facts = FACTS | {"devices": ["CPU", "GPU"]}
    (gpu, device) = machine.device_rows(facts, [busy], {})
    assert (gpu.status, device.status) == (NOTE, OK)
    assert "other processes hold 70.0 GB" in gpu.advice


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 8192 * 1024),
        ({"memory.max": "max", "memory.current": "5"}, 8192 * 1024),
        ({"memory.max": "1000", "memory.current": "400"}, 600),
        ({"memory.max": "1000", "memory.current": "4000"}, 0),
        ({"memory/memory.limit_in_bytes": "9000"}, 9000),
        ({"memory/memory.limit_in_bytes": str(2**63 - 4096)}, 8192 * 1024),
    ],
)
def test_a_containers_limit_counts(tmp_path, files, expected):
    (tmp_path / "proc").mkdir()
    lines = "MemTotal: 9000 kB\nMemAvailable: 8192 kB\n"
    (tmp_path / "proc" / "meminfo").write_text(lines)
    for name, content in files.items():
        path = tmp_path / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content + "\n")
    assert machine.memory_available(str(tmp_path)) == expected


@pytest.mark.parametrize(
    "text", ["", "No devices were found", "A,1", "A, 1, [N/A], [N/A]", "A,1,2"]
)
def test_what_the_driver_says_without_a_gpu(text):
    assert machine.listed(text) == []


def test_a_folder_for_temporary_files_that_is_none(monkeypatch):
    monkeypatch.setenv("TMPDIR", "/nonexistent")
    assert "TMPDIR" in [row.check for row in machine.host_rows()]
    assert machine.memory_available("/nonexistent") > 0


def test_a_tensorflow_that_does_not_start():
    (row,) = machine.tensorflow_rows({"error": "ended by signal 4"})
    assert (row.status, row.found) == (FAILED, "ended by signal 4")


def fit_rows(*arguments, gpus=()) -> dict:
    rows = fit.rows(config_files.of_flags(arguments), list(gpus))
    return {row.check: row for row in rows}


def test_a_config_of_either_program():
    assert "pre-training" in fit_rows("--preset=base")
    rows = fit_rows("--preset=finetune_base", "--task=mnli")
    assert "109" in rows["fine-tuning for mnli"].found.replace("108.9", "109")
    with pytest.raises(UserError, match="num_trials must be"):
        config_files.of_flags(["--num_trials=x"])
    with pytest.raises(UserError, match="mask_prob must be"):
        config_files.of_flags(["--mask_prob=2"])


def test_memory_is_that_of_the_smallest_gpu_and_its_share_of_a_batch():
    flags = ("--model_size=base", "--train_batch_size=2048")
    one = fit_rows(*flags, gpus=[H100])["memory of a step"]
    assert one.status == FAILED and "of 79.0 GB" in one.found
    mirrored = (*flags, "--distribution_strategy=mirrored")
    eight = fit_rows(*mirrored, gpus=[H100] * 8)["memory of a step"]
    assert eight.status == OK


def test_memory_of_one_process_of_a_job(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", JOB)
    flags = ("--model_size=base", "--train_batch_size=512")
    one = fit_rows(*flags, gpus=[H100])["memory of a step"].found
    of_two = fit_rows(*flags, MANY, gpus=[H100])["memory of a step"].found
    half = fit_rows(*flags[:1], "--train_batch_size=256", gpus=[H100])
    assert one != of_two == half["memory of a step"].found


@pytest.mark.parametrize("most", ["0", "null"])
def test_room_for_all_checkpoints(tmp_path, most):
    flags = ("--num_train_steps=900000000", f"--keep_checkpoint_max={most}")
    row = fit_rows(f"--data_dir={tmp_path}", *flags)["room for checkpoints"]
    assert row.status == NOTE


def test_a_folder_of_data(tmp_path):
    missing = fit_rows(f"--data_dir={tmp_path}/no")["data_dir"]
    assert missing.status == FAILED
    rows = fit_rows(f"--data_dir={tmp_path}")
    assert rows["vocabulary"].status == FAILED
    (tmp_path / "vocab.txt").write_text("[PAD]\n")
    assert fit_rows(f"--data_dir={tmp_path}")["vocabulary"].status == OK


def test_a_process_that_is_asked_and_cannot_answer(monkeypatch):
    monkeypatch.setattr(probe.sys, "executable", "/bin/false")
    assert probe.run() == {"error": "nothing was said"}
