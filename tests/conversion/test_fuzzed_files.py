"""Files of models with random damage: clean errors, in bounded time and space.

Every reader of model files is given copies of good folders in which bytes, or
values of JSON, are changed. A damaged file may still be read; what it may not
do is to end in another error, or to take long.
"""

import json
import pathlib
import random
import resource
import shutil
import time

import pytest

from electra_tf.conversion import formats, hugging_face
from electra_tf.errors import UserError
from electra_tf.finetuning import finetuned_model
from tests.conversion import runs, torch_files

CLEAN = (UserError, OSError)
SECONDS = 5  # For one file, on a busy machine.
MEGABYTES = 1000  # More than what the program had before.
VALUES = (
    *(None, True, -1, 0, 1, 2, 10**7, 2**63, 10**400, 0.5, 1e308),
    *(float("nan"), float("inf"), "", "x", "a/b", "\ud800", "x" * 10_000),
    *([], {}, [[]], {"a": {}}, ["x"] * 1000),
)


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> dict[str, pathlib.Path]:
    """A good folder of each kind, by its name."""
    root = tmp_path_factory.mktemp("good")
    made = {"training_run": root / "training_run"}
    run = runs.save(made["training_run"], *runs.pretrained(root))
    model = formats.read(run)
    for name in ("model_folder", "tf1_checkpoint", "hugging_face", "keras_hub"):
        made[name] = root / name
        formats.write(str(made[name]), model, name)
    for name, zipped in (("torch", True), ("older_torch", False)):
        made[name] = shutil.copytree(made["hugging_face"], root / name)
        arrays = formats.read(str(made[name])).variables
        file = made[name] / "model.safetensors"
        torch_files.save(made[name] / "pytorch_model.bin", arrays, 4, zipped)
        file.unlink()
    config, tuned = runs.finetuned(root, tasks=("sst",))
    weights = {path: v.numpy() for path, v in tuned.variables.items()}
    made["finetuned"] = root / "finetuned"
    tasks = [*_tasks(config)]
    finetuned_model.write(str(made["finetuned"]), config, tasks, weights, 1)
    made["their_head"] = root / "their_head"
    read = formats.read(str(made["finetuned"]))
    hugging_face.write(str(made["their_head"]), read)
    return made


def _tasks(config):
    from electra_tf.finetuning.tasks import task_table

    return task_table.tasks(config)


def read(name: str, path: str) -> None:
    (finetuned_model if name == "finetuned" else formats).read(path)


def damaged_bytes(content: bytes, draw: random.Random) -> bytes:
    """Change, cut, repeat or insert some bytes."""
    changed = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 8))):
        place = draw.randrange(len(changed) + 1)
        # Most of what can be wrong stands at the ends.
        if draw.random() < 0.5:
            place = min(draw.randrange(300), len(changed))
        size = draw.choice((1, 1, 4, 8, 50))
        new = draw.randbytes(size)
        new = draw.choice((new, b"\xff" * size, bytes(size), b"", b"["))
        changed[place : place + draw.choice((0, size, size))] = new
    return bytes(changed[: draw.choice((None, None, None, 100, -9))])


def damaged_json(content: bytes, draw: random.Random) -> bytes:
    """Change, remove or add a value somewhere."""
    values = json.loads(content)
    places = [(values, key) for key in values] or [(values, "new")]
    for parent, key in places:
        inner = parent[key] if key != "new" or parent else None
        if isinstance(inner, dict):
            places += [(inner, each) for each in inner]
        elif isinstance(inner, list):
            places += [(inner, each) for each in range(len(inner))]
    parent, key = draw.choice(places)
    if draw.random() < 0.1:
        del parent[key]
    else:
        parent[key] = draw.choice(VALUES)
    return json.dumps(values).encode()


def try_some(good, tmp_path, names, number: int, seed: int) -> int:
    """Read damaged copies; return how many of them were refused."""
    draw, refused = random.Random(seed), 0
    for count in range(number):
        name = draw.choice(names)
        path = shutil.copytree(good[name], tmp_path / str(count))
        file = draw.choice(sorted(p for p in path.rglob("*") if p.is_file()))
        content = file.read_bytes()
        structured = file.suffix == ".json" and draw.random() < 0.8
        damage = damaged_json if structured else damaged_bytes
        file.write_bytes(damage(content, draw))
        begin, before = time.monotonic(), _megabytes()
        case = f"seed {seed}, number {count}: {name}, {file.name}"
        try:
            read(name, str(path))
        except CLEAN as error:
            refused += 1
            assert len(str(error)) < 20_000, case
        except Exception as error:
            raise AssertionError(case) from error
        assert time.monotonic() - begin < SECONDS, case
        assert _megabytes() - before < MEGABYTES, case
        shutil.rmtree(path)
    return refused


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


NAMES = (
    *("training_run", "model_folder", "tf1_checkpoint", "hugging_face"),
    *("keras_hub", "torch", "older_torch", "finetuned", "their_head"),
)


@pytest.mark.parametrize("name", NAMES)
def test_some_damage(good, tmp_path, name):
    number = 40
    refused = try_some(good, tmp_path, [name], number, seed=0)
    assert number / 8 < refused <= number


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 21))
def test_much_damage(good, tmp_path, seed):
    assert try_some(good, tmp_path, NAMES, 1000, seed)
