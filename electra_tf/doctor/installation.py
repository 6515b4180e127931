"""Checks of what is installed, and of the variables that change it."""

import json
import os
import pathlib
import platform
import re
from collections.abc import Iterator, Mapping
from importlib import metadata

import electra_tf
from electra_tf.doctor import FAILED, NOTE, OK, Row, decided

SHOWN = ("tensorflow", "tensorflow-text", "keras", "numpy")
# Distributions that write into the same folder: the last installed wins.
RIVALS = {
    "tensorflow": ("tensorflow", "tensorflow-cpu", "tf-nightly"),
    "keras": ("keras", "keras-nightly"),
}
# Variables: a value that is fine, and what any other one does.
_FALSE = ("", "0", "false", "False")
VARIABLES = {
    "KERAS_BACKEND": (
        ("", "tensorflow"),
        "the programs need the TensorFlow backend: unset it",
    ),
    "TF_USE_LEGACY_KERAS": (
        _FALSE,
        "makes tf.keras Keras 2, whose layers are not ours: unset it",
    ),
}
# Variables that are no mistake, but surprise who has forgotten them.
SURPRISES = {
    "TF_CONFIG": "multi_worker_mirrored waits for the machines that it names; "
    "unset it to run on this one",
    "HF_HUB_OFFLINE": "models of Hugging Face's hub come from the cache alone",
    "TRANSFORMERS_OFFLINE": "models of Hugging Face's hub come from the cache "
    "alone",
    "TF_DETERMINISTIC_OPS": "some operations become slower; runs repeat "
    "without it",
    "XLA_FLAGS": "changes what XLA compiles",
    "TF_XLA_FLAGS": "changes what XLA compiles",
    "PYTHONPATH": "what is there hides installed packages",
}


def rows(environment: Mapping[str, str]) -> Iterator[Row]:
    """Give the checks that need no TensorFlow."""
    version = platform.python_version()
    yield Row(OK, "Python", f"{version}, {platform.platform()}")
    where = pathlib.Path(electra_tf.__file__).parent
    yield Row(OK, "electra_tf", f"{electra_tf.__version__} in {where}")
    found = _versions()
    for name in SHOWN:
        one, advice = found.get(_key(name)), f"pip install {name}"
        yield decided(bool(one), name, one or "not installed", advice)
    yield _required()
    yield minor_versions(found.get("tensorflow"), found.get("tensorflow-text"))
    yield from _rivals()
    yield from variables(environment)
    yield _keras_file(environment)


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _versions() -> dict[str, str]:
    """Return the version of each distribution; the first on the path wins."""
    found: dict[str, str] = {}
    for one in metadata.distributions():
        if one.metadata["Name"]:
            found.setdefault(_key(one.metadata["Name"]), one.version)
    return found


def _required() -> Row:
    """Compare what setup.py asks for with what is there."""
    try:
        asked = metadata.requires("electra_tf") or []
    except metadata.PackageNotFoundError:
        return Row(
            NOTE,
            "requirements",
            "electra_tf is not installed, so its requirements are not known",
            "pip install -e . in the clone",
        )
    return requirements(asked, _versions())


def requirements(asked: list[str], installed: Mapping[str, str]) -> Row:
    """Return the row for requirements by the versions that are installed."""
    from packaging.requirements import Requirement

    wrong = []
    needed = [Requirement(text) for text in asked]
    needed = [one for one in needed if not one.extras and _applies(one)]
    for one in needed:
        version = installed.get(_key(one.name))
        if version is None or not one.specifier.contains(
            version, prereleases=True
        ):
            wrong.append(f"{one.name}{one.specifier}, found {version}")
    return decided(
        not wrong,
        "requirements",
        "; ".join(wrong) or f"all {len(needed)} are met",
        "pip install -e . (or --upgrade electra_tf)",
    )


def _applies(requirement) -> bool:
    marker = requirement.marker
    return marker is None or marker.evaluate({"extra": ""})


def minor_versions(tensorflow: str | None, text: str | None) -> Row:
    """Compare versions: operations of another TensorFlow do not load.

    >>> minor_versions("2.21.0", "2.20.1").status
    'FAILED'
    """
    first, second = ((v or "none").split(".")[:2] for v in (tensorflow, text))
    minor = ".".join(first)
    return decided(
        first == second,
        "tensorflow and -text",
        f"{tensorflow} and {text}",
        f"pip install 'tensorflow-text=={minor}.*'",
    )


def _rivals() -> Iterator[Row]:
    places: dict[str, list[str]] = {}
    for one in metadata.distributions():
        name = _key(one.metadata["Name"] or "")
        places.setdefault(name, []).append(str(one.locate_file("")))
    for package, names in RIVALS.items():
        there = {
            f"{name} in {place}"
            for name in names
            for place in places.get(name, ())
        }
        if len(there) > 1:
            yield Row(
                FAILED,
                f"one {package}",
                "; ".join(sorted(there)),
                "uninstall all of them, then install one",
            )
        else:
            yield Row(OK, f"one {package}", "no second one on the path")


def variables(environment: Mapping[str, str]) -> Iterator[Row]:
    """Give the variables that change what the programs do."""
    quiet = []
    for name, (fine, advice) in VARIABLES.items():
        value = environment.get(name, "")
        if value in fine:
            quiet.append(name)
        else:
            yield Row(FAILED, name, value, advice)
    for name, effect in SURPRISES.items():
        if environment.get(name):
            yield Row(NOTE, name, environment[name], effect)
        else:
            quiet.append(name)
    yield Row(OK, "environment", f"not set: {', '.join(quiet)}")


def _keras_file(environment: Mapping[str, str]) -> Row:
    """Look at Keras' own file: its float type holds for models of Python."""
    home = environment.get("KERAS_HOME") or os.path.expanduser("~/.keras")
    path = pathlib.Path(home) / "keras.json"
    try:
        values = json.loads(path.read_text("utf-8"))
        if not isinstance(values, dict):
            raise ValueError("expected a JSON object")
    except OSError:
        return Row(OK, "keras.json", "none: Keras' defaults")
    except ValueError as error:
        return Row(FAILED, "keras.json", f"{path}: {error}", "delete it")
    chosen = values.get("floatx", "float32")
    found = f"floatx {chosen} in {path}"
    if chosen == "float32":
        return Row(OK, "keras.json", found)
    advice = "the programs take float32 all the same, models of Python do not"
    return Row(NOTE, "keras.json", found, advice)
