"""The commands in README, docs and deploy fit the programs as they are."""

import pytest

from tests import commands

FOUND = [
    (str(path.relative_to(commands.ROOT)), words)
    for path in commands.texts()
    for words in commands.commands(path.read_text("utf-8"))
    if "--task=paws" not in words  # What `adding_a_task.md` adds.
]


def test_commands_are_found():
    """So that the next test has something to test."""
    files = {file for file, _ in FOUND}
    builds = "docs/how_to/data_build.md"
    assert {"README.md", builds, "deploy/slurm.sbatch"} <= files
    assert len(FOUND) > 100


@pytest.mark.parametrize(
    ("file", "words"),
    FOUND,
    ids=[f"{file}:{' '.join(words)[:60]}" for file, words in FOUND],
)
def test_programs_understand(file, words):
    """Each flag is there, and takes the value that the text gives it."""
    try:
        commands.check(words)
    except ValueError as error:  # That is so on this machine.
        assert "must be a folder" in str(error)


@pytest.mark.parametrize(
    "words",
    [
        ["run_pretraining.py", "--data_dir=d", "--model_name=m", "--steps=9"],
        ["run_pretraining.py", "--data_dir=d"],
        ["electra_tf.finetuning.predict", "--model=FOLDER"],
    ],
)
def test_mistakes_are_seen(words):
    """A flag that there is not, one that lacks."""
    with pytest.raises((SystemExit, ValueError)):
        commands.check(words)
