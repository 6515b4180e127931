"""Hooks of MkDocs: the reference of flags, examples, links into the repository.

A page says `<!-- flags -->` where the flags of all programs are to stand. They
are read from the configs and from the programs' own help, so that they cannot
be stale.
"""

import contextlib
import dataclasses
import importlib
import io
import os
import pathlib
import re

from data_prep.build_vocab import VocabConfig
from data_prep.dataset_config import PretrainingDatasetConfig
from electra_tf.configs import FinetuningConfig, PretrainingConfig, hparams
from website import examples

ROOT = pathlib.Path(__file__).parents[1]
MARK = "<!-- flags -->"
CONFIGS = {
    "run_pretraining.py": PretrainingConfig,
    "run_finetuning.py": FinetuningConfig,
    "data_prep.build_vocab": VocabConfig,
    "data_prep.build_pretraining_dataset": PretrainingDatasetConfig,
}
PROGRAMS = (
    "data_prep.inspect",
    "data_prep.count_tokens",
    "electra_tf.conversion.convert",
    "electra_tf.conversion.verify_release",
    "electra_tf.doctor.__main__",
    "electra_tf.efficiency.report",
    "electra_tf.efficiency.curves",
    "electra_tf.efficiency.plots",
    "electra_tf.finetuning.predict",
    "electra_tf.finetuning.export",
    "electra_tf.pretraining.score",
    "electra_tf.pretraining.detect",
)
_LINK = re.compile(r"\[([^\]]+)\]\(([^)#\s:]+)(#[^)]*)?\)")

_CELL = re.compile("<td.*?</td>", re.DOTALL)
_CODE = re.compile("(?<=<code>)[^<]+")


def on_page_content(html: str, **_) -> str:
    """Let paths in tables fold behind a slash, names of tests within, too."""

    def folding(code: re.Match) -> str:
        marks = "/|::|_" if "::" in code[0] else "/"
        return re.sub(f"({marks})", r"\1<wbr>", code[0])

    return _CELL.sub(lambda cell: _CODE.sub(folding, cell[0]), html)


def on_page_markdown(markdown: str, page, **_) -> str:
    """Fill in flags; links to what is no page become text, examples code."""
    if MARK in markdown:
        markdown = markdown.replace(MARK, flags())
    here = os.path.dirname(page.file.src_uri)

    def linked(found: re.Match) -> str:
        inside = not os.path.normpath(os.path.join(here, found[2])).startswith(
            ".."
        )
        return found[0] if inside else found[1]

    return examples.fenced(_LINK.sub(linked, markdown))


def flags() -> str:
    """Return a section a program."""
    sections = [_of_config(*one) for one in CONFIGS.items()]
    return "\n\n".join([*sections, *map(_of_program, PROGRAMS)])


def _of_config(program: str, config_class: type) -> str:
    groups: dict[str, list[str]] = {}
    for field in hparams.readable_fields(config_class):
        name = field.metadata.get("group", "general")
        groups.setdefault(name, []).append(_row(field))
    head = "| flag | default | meaning |\n|---|---|---|\n"
    tables = [
        f"### {program}: {name}\n\n{head}" + "\n".join(rows)
        for name, rows in groups.items()
    ]
    return "\n\n".join([f"## {program}", *tables])


def _row(field: dataclasses.Field) -> str:
    default = hparams.default_text(field).removeprefix("default ")
    meaning = field.metadata.get("help", "")
    if field.metadata.get("choices"):
        meaning += f"; {hparams.expectation(field)}"
    default, meaning = map(_escaped, (default, meaning))
    return f"| `--{field.name}` | {default} | {meaning} |"


def _escaped(cell: str) -> str:
    """Return a cell of a table; paths are code."""
    if "/" in cell and " " not in cell:
        return f"`{cell}`"
    return re.sub(r"([|<>_*{}])", r"\\\1", cell)


def _of_program(module: str) -> str:
    name = module.removesuffix(".__main__")
    page = io.StringIO()
    with contextlib.redirect_stdout(page), contextlib.suppress(SystemExit):
        importlib.import_module(module).main(["--help"])
    return f"## {name}\n\n```text\n{page.getvalue().strip()}\n```"
