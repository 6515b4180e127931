"""The code of docs/how_to/adding_a_task.md does what the page says."""

import pathlib
import re
import shlex

from electra_tf import configs
from electra_tf.finetuning.tasks import sentences
from tests.finetuning import runs

DOCS = pathlib.Path(__file__).parents[3] / "docs"
PAGE = DOCS / "how_to" / "adding_a_task.md"


def blocks(language: str) -> list[str]:
    pattern = rf"^```{language}\n(.*?)^```$"
    return re.findall(pattern, PAGE.read_text(), re.DOTALL | re.MULTILINE)


def write_data(folder: pathlib.Path) -> None:
    (table,) = blocks("tsv")
    head, same = table.splitlines()
    _, one, two, _ = same.split("\t")
    for split, copies in {"train": 24, "dev": 2, "test": 1}.items():
        pairs = [(one, two, 1), (one, "a very bad book .", 0)] * copies
        rows = [
            "\t".join(map(str, (number, *pair)))
            for number, pair in enumerate(pairs)
        ]
        (folder / f"{split}.tsv").write_text("\n".join([head, *rows]))


def test_the_page(tmp_path, monkeypatch):
    file, row = blocks("python")
    (tmp_path / "paws.py").write_text(file)
    monkeypatch.syspath_prepend(tmp_path)
    path = [*sentences.__path__, str(tmp_path)]
    monkeypatch.setattr(sentences, "__path__", path)
    added = eval(f"{{{row}}}", {"TaskRow": configs.TaskRow})
    for name, task in added.items():
        monkeypatch.setitem(configs.TASKS, name, task)
    data = tmp_path / "finetuning_data" / "paws"
    data.mkdir(parents=True)
    write_data(data)

    (command,) = blocks("sh")
    _, program, *flags = shlex.split(command.replace("\\\n", ""))
    assert program == "run_finetuning.py"
    mine = ("--data_dir", "--model_name", "--num_trials")
    kept = [flag for flag in flags if not flag.startswith(mine)]
    scores = runs.run(tmp_path, *kept)
    assert scores["accuracy"] == 100
    written = runs.predictions(tmp_path, "submission_1/PAWS.tsv")
    assert written == "0\t1\n1\t0\n"
