"""What programs do first: TensorFlow's settings, few arguments, errors."""

import argparse
import contextlib
import ctypes
import glob
import importlib.abc
import importlib.machinery
import os
import pathlib
import platform
import re
import signal
import sys
import textwrap
import traceback
from collections.abc import Iterable, Iterator

import electra_tf
from electra_tf.errors import UserError

WIDTH = 79  # Of help pages.
USAGE_ERROR = 2  # Exit status for a command line that makes no sense.
INTERRUPTED = 130  # As shells have it for Ctrl-C.
# Files of drivers of GPUs, the second under Windows, and of TPUs.
GPUS = ("/dev/nvidia*", "/dev/dxg")
TPUS = ("/dev/accel*", "/dev/vfio/[0-9]*")
_ABSEIL_ERRORS = 2  # absl::LogSeverity::kError
# What Keras imports if it is there, for parts of it that no program here uses.
NEEDLESS = ("sklearn", "matplotlib", "pandas")
KERAS_SETTINGS = "keras.src.backend.config"  # Where it reads keras.json.


class _Parser(argparse.ArgumentParser):
    """A command line as the config's programs have them (configs.from_flags).

    Names may be written with hyphens, a mistake is one line and a hint.
    """

    def add_argument(self, *names, **settings):
        """Add one; choices too many for its line are named in its text."""
        action = super().add_argument(*names, **settings)
        choices = list(map(str, action.choices or ()))
        if len(f"  {', '.join(names)} {{{','.join(choices)}}}") > WIDTH:
            action.metavar = action.dest.upper()
            choices = f"one of {', '.join(choices)}"
            action.help = "; ".join(filter(None, (action.help, choices)))
        return action

    def parse_known_args(self, args=None, namespace=None):
        """Parse; names with underscores and hyphens are the same."""
        given = list(sys.argv[1:] if args is None else args)
        # What stands after -- is no flag.
        end = given.index("--") if "--" in given else len(given)
        given[:end] = map(_expanded, map(with_underscores, given[:end]))
        return super().parse_known_args(given, namespace)

    def format_usage(self):
        """Return one line: what must be given."""
        needed = [
            f"{action.option_strings[-1]}=..."
            if action.option_strings
            else action.dest
            for action in self._actions
            if action.required
        ]
        return usage(self.prog, needed) + "\n"

    def format_help(self):
        """Return the page, as `configs.help_page` writes it."""
        self.usage = self.format_usage().removeprefix("usage: ").rstrip()
        return super().format_help()

    def error(self, message):
        """End with what is wrong, and where to read on."""
        self.exit(USAGE_ERROR, mistake(self.prog, message))


class _Help(argparse.HelpFormatter):
    """A flag a line, its text below it, as `configs.help_page` writes it."""

    def __init__(self, prog):
        super().__init__(prog, max_help_position=8, width=WIDTH)

    def start_section(self, heading):
        super().start_section(heading and heading.capitalize())

    def _get_help_string(self, action):
        text = action.help or ""
        if "default" in text or action.default in (
            None,
            False,
            argparse.SUPPRESS,
        ):
            return text
        return f"{text} (default %(default)s)"


def usage(program: str, needed: Iterable[str]) -> str:
    """Return the head of a help page: what must be given, folded."""
    return textwrap.fill(
        " ".join(["usage:", program, *needed, "[flags]"]),
        WIDTH,
        subsequent_indent=" " * 4,
        break_long_words=False,
        break_on_hyphens=False,
    )


def mistake(program: str, message: str) -> str:
    """Return what a program says of a command line that makes no sense."""
    return f"{program}: {message}\nSee {program} --help.\n"


def with_underscores(argument: str) -> str:
    """Return an argument with the hyphens in a flag's name replaced.

    >>> with_underscores("--model-folder=a-b"), with_underscores("-i")
    ('--model_folder=a-b', '-i')
    """
    name, equals, value = argument.partition("=")
    if name.startswith("--"):
        name = "--" + name[2:].replace("-", "_")
    return name + equals + value


def _expanded(argument: str) -> str:
    """Return `--name=~/a` with the home folder, which shells leave as it is."""
    name, equals, value = argument.partition("=")
    if name.startswith("--") and value.startswith("~"):
        value = os.path.expanduser(value)
    return name + equals + value


def parser(module: str, description: str) -> argparse.ArgumentParser:
    """Return the empty command line of `python -m MODULE`.

    Args:
        module: Full name of the program's module.
        description: What it does; the first line is shown.
    """
    made = _Parser(
        prog=electra_tf.installed_program() or f"python -m {module}",
        description=description.partition("\n")[0],
        allow_abbrev=False,
        formatter_class=_Help,
    )
    interruptible()
    version = f"electra_tf {electra_tf.__version__}"
    add = made.add_argument
    add("--helpfull", action="help", help=argparse.SUPPRESS)
    add("--version", action="version", version=version)
    return made


def interruptible() -> None:
    """Make Ctrl-C a KeyboardInterrupt again; it ends programs as they start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def print_page(text: str) -> None:
    """Print what a reader may have enough of before its end."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        discard_output()


def write_utf_8():
    """Return standard output, which writes UTF-8 whatever the locale says."""
    stream = standard("stdout")
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(encoding="utf-8")
    return stream


def standard(name: str):
    """Return `stdin` or `stdout`, or raise UserError where it is closed."""
    stream = getattr(sys, name)
    if getattr(stream, "name", "") == os.devnull:
        raise UserError(f"{name} is closed; give a file instead.")
    return stream


def open_standard_files() -> None:
    """Take the numbers of files that the caller closed, as daemons do.

    The next file to be opened would have them, and would get what is told to
    people; so would standard output, if standard error is closed.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # It takes the least one.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115


def discard_output() -> None:
    """Write no more: whoever read has enough, and the buffer no reader."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def environment_with(folder: os.PathLike | str) -> dict[str, str]:
    """Return the environment of a program that imports from a folder first.

    What the caller's PYTHONPATH names comes after it.
    """
    paths = [os.fspath(folder), os.environ.get("PYTHONPATH")]
    joined = os.pathsep.join(path for path in paths if path)
    return {**os.environ, "PYTHONPATH": joined}


def set_up_tensorflow() -> None:
    """Choose what TensorFlow reads from the environment when it is imported.

    Its notes and warnings stay unwritten, and where there is no accelerator
    its errors, which come as exceptions too. Matrix products on x86 are
    oneDNN's, which is TensorFlow's choice for processors with AVX-512 VNNI
    alone: with AVX2 a training step took a tenth less time
    (docs/explanation/performance.md).
    What the user has set stays, but for the float type of Keras' own file: a
    program's numbers are those of its settings.

    Raises:
        UserError: when Keras shall have another backend.
    """
    backend = os.environ.get("KERAS_BACKEND") or "tensorflow"
    if backend != "tensorflow":
        raise UserError(
            "The programs run on Keras' TensorFlow backend. Received: "
            f"KERAS_BACKEND={backend}. Unset it; docs/how_to/jax.md says what "
            "other backends run."
        )
    os.environ["KERAS_BACKEND"] = backend  # Whatever keras.json says.
    # On one machine without accelerator all that it has to say is that.
    noted = os.environ.get("TF_CONFIG") or any(map(glob.glob, (*GPUS, *TPUS)))
    level = "2" if noted else "3"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", level)
    if platform.machine() in ("x86_64", "AMD64"):
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    if not any(isinstance(one, _QuickAndQuiet) for one in sys.meta_path):
        sys.meta_path.insert(0, _QuickAndQuiet())


class _QuickAndQuiet(importlib.abc.MetaPathFinder):
    """Makes Keras find nothing `NEEDLESS` while it is imported.

    That takes a third off the time that TensorFlow, which imports Keras, takes.
    All others find these packages. Once TensorFlow is imported, it makes all
    of it keep its notes to itself; and Keras' float type is float32, whatever
    keras.json says.
    """

    def find_spec(self, name, path=None, target=None):
        """Raise ModuleNotFoundError, or leave it to the others."""
        keras = sys.modules.get("keras")
        if name in NEEDLESS and keras and not hasattr(keras, "Model"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if name not in ("tensorflow", KERAS_SETTINGS):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.origin is not None:
            execute = spec.loader.exec_module

            def execute_and_set(module):
                execute(module)
                if name == KERAS_SETTINGS:
                    module.set_floatx("float32")
                else:
                    hide_abseils_notes(pathlib.Path(spec.origin).parent)

            spec.loader.exec_module = execute_and_set
        return spec


def hide_abseils_notes(package: pathlib.Path) -> bool:
    """Have `TF_CPP_MIN_LOG_LEVEL` reach what TensorFlow logs by Abseil.

    Such lines ("I0000 ... Compiled cluster using XLA!", and the warning
    that comes before the first) heed only `absl::SetMinLogLevel`, which
    TensorFlow calls nowhere. The name of that function in the library has
    the version in it that TensorFlow's headers tell. Errors are always shown,
    and nothing is read or held back on its way to stderr, so that the last
    words of a crash are never lost.

    Args:
        package: the folder of TensorFlow, which is loaded.

    Returns:
        Whether the function was found; if not, the notes are shown.
    """
    level = os.environ.get("TF_CPP_MIN_LOG_LEVEL", "")
    try:
        header = package / "include/absl/base/options.h"
        define = r"#define ABSL_OPTION_INLINE_NAMESPACE_NAME (\w+)"
        (version,) = re.findall(define, header.read_text("utf-8"))
        library, *_ = package.glob("libtensorflow_framework.*")
        function = f"4absl{len(version)}{version}14SetMinLogLevel"
        set_level = getattr(
            ctypes.CDLL(str(library)),
            f"_ZN{function}ENS0_18LogSeverityAtLeastE",
        )
    except (OSError, ValueError, AttributeError):
        return False
    set_level.restype = None
    set_level(min(int(level) if level.isdecimal() else 0, _ABSEIL_ERRORS))
    return True


def leave_graphs_as_they_are() -> None:
    """Turn off TensorFlow's rewriting of graphs where there is no GPU.

    It takes a third of the time before the first update and makes none faster
    (docs/explanation/performance.md). Imports TensorFlow, and says so where it
    does not find the GPU that there is.
    """
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        return
    tf.config.optimizer.set_experimental_options(
        {"disable_meta_optimizer": True}
    )
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1")
    if any(map(glob.glob, GPUS)) and not hidden:
        print(
            "This machine has a GPU, which TensorFlow does not find: "
            "`python -m electra_tf.doctor` says why.",
            file=sys.stderr,
        )


def _check_folder() -> None:
    """Raise `UserError` where the folder of relative paths is deleted."""
    try:
        os.getcwd()
    except FileNotFoundError:
        raise UserError(
            "The folder that this was started in is not there any more. Go to "
            "another one."
        ) from None


@contextlib.contextmanager
def errors_of(program: str) -> Iterator[None]:
    """End the program with a message if what it was given is at fault.

    A `UserError` and what the system says of files and connections become
    one line and exit status 1, or the `exit_status` that the error has; so
    does Ctrl-C, with 130. Any other error is a mistake of ours: its traceback
    is printed, and the status is 70.

    TensorFlow, if it is imported within, keeps its notes to itself.

    Args:
        program: Name to put before the message.
    """
    open_standard_files()
    try:
        _check_folder()
        set_up_tensorflow()
        yield
    except KeyboardInterrupt:
        _end(f"{program}: stopped", INTERRUPTED)
    except Exception as error:
        status = getattr(error, "exit_status", None)
        if status is not None:
            _end(str(error) and f"{program}: {error}", status)
        if isinstance(error, (OSError, UserError)):
            sys.exit(f"{program}: {error}")
        traceback.print_exc()
        sys.exit(os.EX_SOFTWARE)


def _end(message: str, status: int) -> None:
    if message:
        print(message, file=sys.stderr)
    sys.exit(status)
