"""Programs: what they do before TensorFlow is imported, how they end."""

import ctypes
import importlib
import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from electra_tf import command_line

ROOT = pathlib.Path(__file__).parents[1]
TENSORFLOW = pathlib.Path(tf.__file__).parent
PROGRAM = """
from electra_tf import command_line
from electra_tf.errors import UserError

with command_line.errors_of("program"):
    {}
"""


@pytest.mark.parametrize(
    "machine, given, expected",
    [
        ("x86_64", {}, "1"),
        ("aarch64", {}, None),
        ("x86_64", {"TF_ENABLE_ONEDNN_OPTS": "0"}, "0"),
    ],
)
def test_onednn_is_turned_on_where_it_was_measured(
    monkeypatch, machine, given, expected
):
    monkeypatch.setattr(os, "environ", dict(given))
    monkeypatch.setattr(command_line.platform, "machine", lambda: machine)
    command_line.set_up_tensorflow()
    assert os.environ.get("TF_ENABLE_ONEDNN_OPTS") == expected


@pytest.mark.parametrize("given", [{}, {"KERAS_BACKEND": ""}])
def test_programs_choose_the_backend_that_they_run_on(monkeypatch, given):
    monkeypatch.setattr(os, "environ", dict(given))
    command_line.set_up_tensorflow()
    assert os.environ["KERAS_BACKEND"] == "tensorflow"


@pytest.mark.parametrize("first", ["keras", "tensorflow"])
def test_programs_numbers_do_not_depend_on_keras_own_file(tmp_path, first):
    (tmp_path / "keras.json").write_text('{"floatx": "float64"}')
    shown = f"import {first}, keras; print(keras.config.floatx())"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(shown)],
        env={**os.environ, "KERAS_HOME": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "float32\n"), done.stderr


def test_programs_refuse_another_backend(monkeypatch):
    monkeypatch.setattr(os, "environ", {"KERAS_BACKEND": "jax"})
    with (
        pytest.raises(SystemExit, match="KERAS_BACKEND=jax"),
        command_line.errors_of("me"),
    ):
        pass


def test_keras_alone_and_only_at_first_finds_nothing_needless(monkeypatch):
    command_line.set_up_tensorflow()
    assert all(map(importlib.util.find_spec, command_line.NEEDLESS))
    half_imported = types.ModuleType("keras")
    monkeypatch.setitem(sys.modules, "keras", half_imported)
    for name in command_line.NEEDLESS:
        monkeypatch.delitem(sys.modules, name, raising=False)
        with pytest.raises(ImportError, match=name):
            importlib.import_module(name)
    monkeypatch.delitem(sys.modules, "keras")
    assert all(map(importlib.util.find_spec, command_line.NEEDLESS))


@pytest.mark.parametrize(
    "given, expected",
    [
        ({}, "project"),
        ({"PYTHONPATH": ""}, "project"),
        ({"PYTHONPATH": "own"}, f"project{os.pathsep}own"),
    ],
)
def test_a_program_imports_what_its_caller_does(monkeypatch, given, expected):
    monkeypatch.setattr(os, "environ", {"HOME": "home", **given})
    found = command_line.environment_with("project")
    assert found == {"HOME": "home", "PYTHONPATH": expected}


@pytest.mark.parametrize(
    "line, message",
    [
        ('raise UserError("seed must be an int.")', "seed must be an int."),
        (
            'open("no_such_file")',
            "[Errno 2] No such file or directory: 'no_such_file'",
        ),
        (
            'raise ConnectionError("no answer from 10.0.0.1")',
            "no answer from 10.0.0.1",
        ),
    ],
)
def test_what_users_can_mend_is_one_line(line, message):
    ended = run(line)
    assert ended.returncode == 1
    assert ended.stderr == f"program: {message}\n"


def test_mistakes_of_ours_keep_their_traceback():
    ended = run('raise ValueError("shapes differ")')
    assert ended.returncode == os.EX_SOFTWARE == 70
    assert ended.stderr.startswith("Traceback")
    assert ended.stderr.endswith("ValueError: shapes differ\n")


def test_a_shape_error_in_a_layer_is_a_mistake_of_ours(capsys):
    layer = keras.layers.Dense(2)
    layer.build((1, 4))
    with (
        pytest.raises(SystemExit) as stopped,
        command_line.errors_of("program"),
    ):
        layer(np.zeros((1, 3)))
    assert stopped.value.code == 70
    shown = capsys.readouterr().err
    assert shown.startswith("Traceback")
    assert "test_command_line.py" in shown
    assert "expected axis -1 of input shape to have value 4" in shown


def test_an_error_may_have_its_own_status():
    ended = run("from electra_tf.errors import Stopped; raise Stopped('SIGX')")
    assert ended.returncode == os.EX_TEMPFAIL == 75
    assert ended.stderr == (
        "program: stopped by SIGX; the same command goes on\n"
    )


def test_ctrl_c_leaves_no_traceback():
    ended = run("raise KeyboardInterrupt")
    assert (ended.returncode, ended.stderr) == (130, "program: stopped\n")


def test_a_reader_of_the_help_may_have_enough():
    head, tail = os.pipe()
    os.close(head)
    pages = run("command_line.print_page('x' * 10**6)", stdout=tail)
    os.close(tail)
    assert (pages.returncode, pages.stderr) == (0, "")


def test_a_programs_own_status_stays():
    assert run("raise SystemExit(75)").returncode == 75


@pytest.fixture
def one_flag():
    made = command_line.parser("some.program", "Does it.")
    made.add_argument("--model_folder", dest="x", required=True, help="it")
    made.add_argument("--batch_size", type=int, default=32, help="of rows")
    return made


def test_hyphens_in_names_are_underscores(one_flag):
    args = one_flag.parse_args(["--model-folder=a-b", "--batch-size", "3"])
    assert (args.x, args.batch_size) == ("a-b", 3)
    one_flag.add_argument("texts", nargs="*")
    args = one_flag.parse_args(["--model-folder=a", "--", "--as-it-is"])
    assert args.texts == ["--as-it-is"]


def test_all_programs_say_alike_what_is_wrong(one_flag, capsys):
    with pytest.raises(SystemExit) as ended:
        one_flag.parse_args(["--model_folder=a", "--batch_size=x"])
    assert ended.value.code == command_line.USAGE_ERROR
    first, second = capsys.readouterr().err.splitlines()
    assert first.endswith("argument --batch_size: invalid int value: 'x'")
    assert second.startswith("See ") and second.endswith(" --help.")


def test_all_pages_look_alike(one_flag):
    page = one_flag.format_help()
    usage, *_ = page.splitlines()
    assert usage.endswith(" --model_folder=... [flags]")
    assert "\n  --batch_size BATCH_SIZE\n        of rows (default 32)" in page


@pytest.mark.parametrize(
    ("driver", "environment", "level"),
    [
        ([], {}, "3"),
        (["/dev/nvidia0"], {}, "2"),
        ([], {"TF_CONFIG": "{}"}, "2"),
        ([], {"TF_CPP_MIN_LOG_LEVEL": "0"}, "0"),
    ],
)
def test_tensorflows_errors_show_where_there_is_a_device(
    monkeypatch, driver, environment, level
):
    monkeypatch.setattr(os, "environ", dict(environment))
    monkeypatch.setattr(command_line.glob, "glob", lambda _: driver)
    command_line.set_up_tensorflow()
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == level


def abseils_level() -> int:
    """Return the level of the lines that TensorFlow shows by Abseil."""
    library = next(TENSORFLOW.glob("libtensorflow_framework.*"))
    header = TENSORFLOW / "include/absl/base/options.h"
    version = re.search(r"NAME (lts_\d+)", header.read_text("utf-8"))[1]
    name = f"_ZN4absl{len(version)}{version}11MinLogLevelEv"
    return getattr(ctypes.CDLL(str(library)), name)()


def test_one_level_is_for_all_that_tensorflow_logs(monkeypatch):
    before = abseils_level()
    assert before == 2  # As this process was begun.
    # Errors are shown at any level.
    for given, level in (("0", 0), ("1", 1), ("2", 2), ("3", 2), ("x", 0)):
        monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", given)
        assert command_line.hide_abseils_notes(TENSORFLOW)
        assert abseils_level() == level
    monkeypatch.undo()
    assert command_line.hide_abseils_notes(TENSORFLOW)
    assert abseils_level() == before


def test_notes_are_shown_where_abseil_is_not_found(tmp_path):
    assert not command_line.hide_abseils_notes(tmp_path)
    headers = tmp_path / "include/absl/base"
    headers.mkdir(parents=True)
    name = "#define ABSL_OPTION_INLINE_NAMESPACE_NAME lts_1\n"
    (headers / "options.h").write_text(name)
    (tmp_path / "libtensorflow_framework.so.2").write_text("no library")
    assert not command_line.hide_abseils_notes(tmp_path)
    library = next(TENSORFLOW.glob("libtensorflow_framework.*"))
    (tmp_path / "libtensorflow_framework.so.2").unlink()
    (tmp_path / "libtensorflow_framework.so.2").symlink_to(library)
    assert not command_line.hide_abseils_notes(tmp_path)


def test_notes_are_hidden_once_tensorflow_is_imported(monkeypatch, tmp_path):
    package = tmp_path / "tensorflow"
    package.mkdir()
    (package / "__init__.py").write_text("LOADED = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "tensorflow")
    hidden = []
    monkeypatch.setattr(command_line, "hide_abseils_notes", hidden.append)
    command_line.set_up_tensorflow()
    assert importlib.import_module("tensorflow").LOADED
    assert hidden == [package]


def run(line: str, stdout=subprocess.PIPE) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(line)],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        env=command_line.environment_with(ROOT),
    )


def programs() -> list[str]:
    paths = [*ROOT.glob("run_*.py")]
    for package in ("data_prep", "demo", "electra_tf"):
        paths += (ROOT / package).rglob("*.py")
    return [
        str(path.relative_to(ROOT))
        for path in sorted(paths)
        if '__name__ == "__main__":\n' in path.read_text("utf-8")
    ]


@pytest.mark.parametrize("program", programs())
def test_every_program_ends_so(program):
    text = (ROOT / program).read_text("utf-8")
    assert "errors_of(" in text or "command_line.run(" in text


def test_files_that_are_closed_are_not_taken_by_others(tmp_path):
    """As daemons start programs: what is told must not be among answers."""
    program = """
import sys
from electra_tf import command_line
command_line.open_standard_files()
with open(sys.argv[1], "w") as file:
    print("told", file=sys.stderr)
    for name in ("stdin", "stdout"):
        try:
            command_line.standard(name)
        except command_line.UserError as error:
            print(file.fileno() > 2, error, file=file)
"""
    found = tmp_path / "found.txt"
    command = [sys.executable, "-c", program, str(found)]
    subprocess.run(
        ["sh", "-c", '"$@" <&- >&- 2>&-', "sh", *command], check=True
    )
    assert found.read_text().splitlines() == [
        f"True {name} is closed; give a file instead."
        for name in ("stdin", "stdout")
    ]


def test_a_folder_that_was_deleted_is_told(tmp_path, monkeypatch):
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    with (
        pytest.raises(SystemExit, match="x: The folder that this was started"),
        command_line.errors_of("x"),
    ):
        pass


@pytest.mark.parametrize("visible, said", [(None, True), ("-1", False)])
def test_a_gpu_that_tensorflow_does_not_find(
    monkeypatch, capsys, visible, said
):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    monkeypatch.setattr(
        tf.config.optimizer, "set_experimental_options", lambda options: None
    )
    monkeypatch.setattr(command_line, "GPUS", ("/dev/null",))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    command_line.leave_graphs_as_they_are()
    assert ("electra_tf.doctor" in capsys.readouterr().err) == said
