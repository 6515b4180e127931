"""The direction of imports, read from the syntax trees."""

import ast
import functools
import pathlib

import pytest

from tests import architecture

ROOT = pathlib.Path(__file__).parents[1]
MOST_FILES = 20  # Side by side in a folder.
MOST_AT_THE_ROOT = 6  # Modules of electra_tf itself.
PACKAGES = ("electra_tf", "flags", "data_prep", "demo", "benchmarks")

# The parts of the program, and the parts that each may import. All may
# import these.
EVERYWHERE = {"errors"}
DATA = {"command_line", "configs", "io", "text"}
NETWORK = {
    "configs",
    "randomness",
    "kernels",
    "layers",
    "encoder",
    "loss_terms",
    "weights",
}
ALLOWED = {
    "errors": set(),
    "configs": {"command_line", "io"},
    "command_line": set(),
    "io": {"text"},
    "text": {"configs", "io"},
    "randomness": set(),
    "kernels": set(),
    "loss_terms": set(),
    "weights": set(),
    "layers": {"configs", "randomness", "kernels"},
    # `Encoder.load` reads what `conversion` reads, when it is called.
    "encoder": {"configs", "randomness", "layers", "conversion"},
    "pretraining": DATA | NETWORK | {"training", "efficiency", "conversion"},
    "finetuning": DATA | NETWORK | {"training", "efficiency", "conversion"},
    "training": {"configs", "io", "kernels", "randomness", "loss_terms"},
    "conversion": DATA | {"encoder", "training", "efficiency", "weights"},
    "models": DATA
    | NETWORK
    | {"conversion", "finetuning", "pretraining", "training"},
    "efficiency": {"configs", "command_line", "io"},
    "doctor": {"command_line", "configs", "efficiency", "io", "training"},
    "flags": {"configs"},
    "data_prep": DATA,
    "demo": None,  # Puts everything together.
    "benchmarks": None,  # Measures any part.
}
# Modules that put a model and the loop together, or read its checkpoints;
# no other module of their package may know `training`.
GLUE = {
    "electra_tf.finetuning.finetuner",
    "electra_tf.finetuning.outputs",
    "electra_tf.pretraining.build",
    "electra_tf.pretraining.detector",
}
# The only ones outside `conversion` that read and write model folders.
MODEL_FOLDERS = {
    "electra_tf.finetuning.export",
    "electra_tf.finetuning.finetuned_model",
    "electra_tf.pretraining.detector",
    "electra_tf.pretraining.scoring",
}

# What draws on TensorFlow's backend alone.
BITS_OF_TENSORFLOW = "electra_tf.randomness.tensorflow_bits"


def part(module: str) -> str | None:
    """`electra_tf.layers.dropout` -> "layers"; None for other packages."""
    names = module.split(".")
    if names[0] not in PACKAGES:
        return None
    if names[0] != "electra_tf":
        return names[0]
    return names[1] if len(names) > 1 else None


def modules():
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield name.removesuffix(".__init__"), path


@functools.cache
def imports(path: pathlib.Path, at_the_top: bool = False) -> tuple[str, ...]:
    """The full names of what a file imports, at any depth or the top."""
    tree, names = ast.parse(path.read_text("utf-8")), []
    for node in _outside_functions(tree) if at_the_top else ast.walk(tree):
        if isinstance(node, ast.Import):
            names += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names += (f"{node.module}.{alias.name}" for alias in node.names)
    return tuple(names)


def _outside_functions(node):
    """Give what runs when a module is imported; type checkers read more."""
    yield node
    for_types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(
        node.test
    )
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    if not for_types and not isinstance(node, functions):
        for child in ast.iter_child_nodes(node):
            yield from _outside_functions(child)


def test_parts_import_only_what_they_may():
    wrong = []
    for module, path in modules():
        own = part(module)
        if own is None or ALLOWED[own] is None:
            continue
        for name in imports(path):
            other = part(name)
            if other in (None, own, *EVERYWHERE, *ALLOWED[own]):
                continue
            wrong.append(f"{module} imports {name}")
    assert wrong == []


def test_only_glue_knows_the_training_package():
    for module, path in modules():
        if part(module) not in ("pretraining", "finetuning"):
            continue
        knows = any(part(name) == "training" for name in imports(path))
        assert knows == (module in GLUE), module


def test_only_these_know_the_conversion_package():
    for module, path in modules():
        if part(module) in ("pretraining", "finetuning"):
            knows = any(part(name) == "conversion" for name in imports(path))
            assert not knows or module in MODEL_FOLDERS, module


def test_other_backends_need_no_tensorflow():
    """Followed from module to module, as Python imports them."""
    paths = dict(modules())
    seen = {
        "electra_tf.pretraining.two_stage",
        "electra_tf.finetuning.heads",
        "electra_tf.conversion.load",
        *(name for name in paths if part(name) in ("layers", "encoder")),
    }
    to_read = sorted(seen)
    while to_read:
        module = to_read.pop()
        names = set(imports(paths[module], at_the_top=True))
        assert not any(name.startswith("tensorflow") for name in names), module
        ours = {m for m in paths for n in names if f"{n}.".startswith(f"{m}.")}
        ours -= {BITS_OF_TENSORFLOW, *seen}
        seen |= ours
        to_read += ours
    assert "electra_tf.pretraining.objectives" in seen


@pytest.mark.parametrize("private", ["keras.src", "tensorflow.python"])
def test_only_public_interfaces(private):
    for _, path in modules():
        assert not any(name.startswith(private) for name in imports(path))


def test_one_job_knows_beam():
    knows = {
        module
        for module, path in modules()
        if any(name.split(".")[0] == "apache_beam" for name in imports(path))
    }
    assert knows == {
        "data_prep.builds.beam_folder",
        "data_prep.builds.beam_pipeline",
    }


def test_nothing_is_unpickled():
    for _, path in modules():
        assert not {"pickle", "dill", "joblib"} & {
            name.split(".")[0] for name in imports(path)
        }


def test_the_page_has_the_tree_as_it_is():
    page = architecture.PAGE.read_text("utf-8")
    assert page == architecture.page_with_tree(page), (
        "stale: python -m tests.architecture"
    )


def test_every_module_says_what_it_is():
    for _, path in modules():
        assert architecture.summary(path), path


@pytest.mark.parametrize(
    "aim, files", architecture.ways(architecture.PAGE.read_text("utf-8"))
)
def test_ways_lead_from_file_to_file(aim, files):
    """Each file of a way is imported by one before it."""
    seen = set()
    for name in files:
        path = ROOT / name
        module = ".".join(pathlib.PurePath(name).with_suffix("").parts)
        assert not seen or any(
            known == module or known.startswith(f"{module}.") for known in seen
        ), f"{aim}: nothing before {name} imports it"
        seen |= set(imports(path))


def test_no_folder_is_crowded():
    folders = {path.parent for _, path in modules()}
    for folder in folders:
        assert len([*folder.glob("*.py")]) <= MOST_FILES, folder
    assert len([*(ROOT / "electra_tf").glob("*.py")]) <= MOST_AT_THE_ROOT
