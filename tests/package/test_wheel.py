"""The wheel holds all that a user runs, and runs from another folder."""

import configparser
import email
import os
import pathlib
import subprocess
import sys
import tarfile
import zipfile

import pytest

from tests import commands
from tests.package import first_steps

# Names that the wheel may take in other people's environments.
TOP_LEVEL = {"electra_tf", "data_prep", "run_pretraining", "run_finetuning"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> pathlib.Path:
    """Build the wheel of this checkout, from what git knows of it."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    files = subprocess.check_output(
        ["git", "ls-files", "-z"], cwd=commands.ROOT
    )
    subprocess.run(
        ["xargs", "-0", "cp", "--parents", "-t", source],
        input=files,
        cwd=commands.ROOT,
        check=True,
    )
    subprocess.run(
        [*first_steps.UV, "build", "-q", "--wheel", "-o", folder, source],
        check=True,
    )
    (found,) = folder.glob("*.whl")
    return found


def _metadata(wheel: pathlib.Path, name: str) -> str:
    with zipfile.ZipFile(wheel) as archive:
        (path,) = (n for n in archive.namelist() if n.endswith(name))
        return archive.read(path).decode()


def test_contents(wheel):
    """Programs, recipes and the licence are in it, and no folder `flags`."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.partition("/")[0].removesuffix(".py") for name in names}
    assert {top for top in tops if not top.endswith("dist-info")} == TOP_LEVEL
    recipes = [*(commands.ROOT / "flags" / "presets").glob("*.flags")]
    for recipe in recipes:
        assert f"electra_tf/presets/{recipe.name}" in names
    assert any(name.endswith("LICENSE") for name in names)
    for package in ("electra_tf", "data_prep"):
        for path in (commands.ROOT / package).rglob("*.py"):
            assert str(path.relative_to(commands.ROOT)) in names


def test_metadata(wheel):
    """It says what it is, and each program's function exists."""
    about = email.message_from_string(_metadata(wheel, "METADATA"))
    assert about["License-Expression"] or about["License"] == "Apache-2.0"
    asked = about["Requires-Python"].split(",")
    assert set(asked) == {">=3.10", "<3.14"}
    assert "ELECTRA" in about.get_payload()
    assert len(about.get_all("Classifier")) >= 6
    entries = configparser.ConfigParser()
    entries.read_string(_metadata(wheel, "entry_points.txt"))
    programs = entries["console_scripts"]
    assert len(programs) >= 9
    for place in programs.values():
        module, _, function = place.partition(":")
        assert callable(getattr(__import__(module, fromlist="x"), function))


def test_programs_run_elsewhere(wheel, tmp_path):
    """Installed into a folder of its own, they find what they need there."""
    installed = tmp_path / "installed"
    install = [*first_steps.UV, "pip", "install", "-q", "--no-deps"]
    subprocess.run([*install, "--target", installed, wheel], check=True)
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    for words, shown in (
        (["electra-flops", "--preset=small", "--format=csv"], "the run"),
        (["electra-pretrain", "--help"], "usage: electra-pretrain"),
        (["electra-build-vocab", "--help"], "usage: electra-build-vocab"),
        (["electra-predict", "--help"], "usage: electra-predict"),
    ):
        done = subprocess.run(
            [installed / "bin" / words[0], *words[1:]],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert shown in done.stdout
    imported = subprocess.check_output(
        [
            sys.executable,
            "-c",
            "import electra_tf, run_pretraining; print(electra_tf.__file__)",
        ],
        cwd=tmp_path,
        env=environment,
        text=True,
    )
    assert imported.startswith(str(installed))


@pytest.mark.slow
def test_source_distribution(wheel, tmp_path):
    """A wheel made from the sdist has the same files."""
    build = [*first_steps.UV, "build", "-q", "-o", tmp_path]
    source = wheel.parent / "source"
    subprocess.run([*build, "--sdist", source], check=True)
    (sdist,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {n.partition("/")[2] for n in archive.getnames()}
    assert {"LICENSE", "README.md", "flags/__init__.py"} <= names
    subprocess.run([*build, "--wheel", sdist], check=True)
    (again,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(again) as other:
        assert sorted(one.namelist()) == sorted(other.namelist())


# Interpreters by version, and whether dependencies are the lowest allowed.
VERSIONS = [("3.10", True), ("3.12", False), ("3.13", False)]


@pytest.mark.slow
@pytest.mark.parametrize(("version", "lowest"), VERSIONS)
def test_empty_environment(wheel, tmp_path, version, lowest):
    """Installed with all it asks for, it trains, predicts and exports."""
    first_steps.take(wheel, tmp_path, version, lowest)
