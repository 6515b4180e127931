"""The report: the paper's tables beside our count, and any config."""

import csv
import io
import json
import subprocess
import sys

import pytest

from electra_tf.configs import PretrainingConfig, to_json
from electra_tf.efficiency import config_files, paper_tables, report
from electra_tf.efficiency.flops import pretraining_flops
from electra_tf.efficiency.published_models import MODELS


def rows(capsys, *argv) -> list[dict]:
    report.main([*argv, "--format=json"])
    return json.loads(capsys.readouterr().out)


def figures(capsys, *argv) -> dict:
    return {row["figure"]: row["value"] for row in rows(capsys, *argv)}


def test_what_differs_has_a_reason(capsys):
    found = rows(capsys)
    differing = {r["model"] for r in found if r["remark"][:7] == "differs"}
    assert not any("not explained" in row["remark"] for row in found)
    assert {"ELECTRA-Small", "ELECTRA-Small++", "ELECTRA-Base++"} <= differing
    assert not {"BERT-Small", "ELECTRA-Base", "RoBERTa-500K"} & {
        row["model"]
        for row in found
        if row["table"] not in (8, "released count")
        and row["remark"][:7] == "differs"
    }


def test_every_table_is_there(capsys):
    tables = {row["table"] for row in rows(capsys)}
    assert tables == {1, 2, 3, 4, 8, "released count"}


def test_the_released_count_by_its_names(capsys):
    """Thirteen models, numbers in full precision (its own, in goldens)."""
    found = {
        row["key"]: row
        for row in rows(capsys)
        if row["table"] == "released count"
    }
    assert len(found) == 13
    small = found["electra_small"]["counted"]
    assert small == 1_293_743_798_272_000_000
    for key, row in found.items():
        assert row["counted"] == MODELS[key].training_flops


def test_small_of_half_width_explains_table_1():
    """Its 45x to 722x are those of a generator of 1/2."""
    config = PretrainingConfig(
        data_dir="D", model_name="M", generator_hidden_size=0.5
    )
    flops = pretraining_flops(config)
    unit = MODELS["bert_base"].training_flops
    for row in paper_tables.TABLES[1].rows:
        if row.model == "electra_small":
            assert not paper_tables.differs(row.flops, row.share * flops)
            ratio = unit / (row.share * flops)
            assert not paper_tables.differs(row.ratio, ratio)


def test_formats_hold_the_same(capsys):
    expected = rows(capsys)
    report.main(["--format=csv"])
    text = capsys.readouterr().out
    read = list(csv.DictReader(io.StringIO(text)))
    counted = [(r["counted"] and float(r["counted"])) or None for r in read]
    assert counted == [r["counted"] for r in expected]
    report.main(["--format=markdown"])
    assert len(capsys.readouterr().out.splitlines()) == 2 + len(expected)


def test_a_preset(capsys):
    found = figures(capsys, "--preset=small", "--examples=1280")
    assert found["paper's count, the run"] == pytest.approx(1.294e18, rel=1e-3)
    assert found["executed, an epoch"] == 10 * found["executed, a step"]
    tokens = 128 * 128
    assert found["executed, a token"] * tokens == pytest.approx(
        found["executed, a step"], rel=1e-3
    )


def test_a_runs_config_is_read_as_saved(capsys, tmp_path):
    config = config_files.preset("base")
    path = tmp_path / "config.json"
    path.write_text(json.dumps(to_json(config)))
    argv = ["--accelerator=tpu_v3"]
    saved = figures(capsys, f"--config={path}", *argv)
    assert saved == figures(capsys, "--preset=base", *argv)


def test_time_energy_and_cost_by_hand(capsys):
    found = figures(
        capsys,
        *("--preset=small", "--accelerator=v100", "--count=2"),
        *("--utilisation=0.5", "--watts=300", "--price=3"),
    )
    hours = found["executed, the run"] / (0.5 * 125e12) / 3600
    assert found["time, 2 x v100"] == pytest.approx(hours / 2, rel=1e-3)
    assert found["energy, 2 x v100"] == pytest.approx(
        hours * 0.3 * 1.1, rel=1e-3
    )
    assert found["cost, 2 x v100"] == pytest.approx(3 * hours, rel=1e-3)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--preset=smal"], "Received: 'smal'"),
        (["--config=missing.json"], "missing.json"),
        (["--utilisation=0"], "Received: 1 and 0.0"),
        (["--preset=small", "--examples=-3"], "examples .* Received: -3"),
        (["--preset=small", "--watts=-1"], "watts .* Received: -1"),
        (["--task=mnli"], "task needs preset or config"),
        (["--preset=small", "--task=mnli"], "no config of .* Unknown flag"),
    ],
)
def test_mistakes(argv, message):
    with pytest.raises(SystemExit, match=message):
        report.main(argv)


def test_fine_tuning(capsys):
    argv = ("--preset=finetune_base", "--task=rte", "--examples=2490")
    found = figures(capsys, *argv, "--accelerator=v100")
    steps = 78 * 10
    assert found["executed, a trial"] == pytest.approx(
        steps * found["executed, a step"], rel=1e-3
    )
    hours = found["executed, a trial"] / (0.25 * 125e12) / 3600
    assert found["time, 1 x v100"] == pytest.approx(hours, rel=1e-3)
    assert found["weights"] == pytest.approx(108_891_648 + 2 * 769, rel=1e-3)


def test_flag_files(tmp_path):
    path = tmp_path / "run.flags"
    path.write_text(
        "# Mine.\n--preset=finetune_small\n--task-names=cola,mrpc\n"
        '--nodo_train\n--hparams={"num_train_epochs": 4}\n'
    )
    config = config_files.read(path)
    assert config.task_names == ("cola", "mrpc")
    assert not config.do_train
    assert (config.num_train_epochs, config.learning_rate) == (4, 3e-4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("--learning_rate 3", "Unknown flag"),
        ("--learning_rat=3", "Did you mean .--learning_rate."),
        ("--preset=smal", "Received: 'smal'"),
    ],
)
def test_damaged_flag_files(tmp_path, text, message):
    path = tmp_path / "run.flags"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        config_files.read(path)


def test_a_runs_folder(tmp_path):
    config = config_files.preset("finetune_base", "squad")
    (tmp_path / "config.json").write_text(json.dumps(to_json(config)))
    assert config_files.read(tmp_path) == config


@pytest.mark.parametrize("module", ["report", "plots", "executed_flops"])
def test_imports_no_tensorflow(module):
    code = (
        f"import sys, electra_tf.efficiency.{module}; "
        "sys.exit(bool({'tensorflow', 'matplotlib'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
