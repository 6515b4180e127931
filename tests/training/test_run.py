"""What a run reports and records, on the linear model of `test_loop`."""

from tests.training.test_loop import LinearRun, rows


def steps(folder) -> list[int]:
    return [row["step"] for row in rows(folder / "metrics.jsonl")]


def test_counted_work(tmp_path, capsys):
    counts = {
        "train_flops": lambda steps: steps * 2e9,
        "executed_flops": lambda steps: steps * 1e9,
    }
    linear = LinearRun(tmp_path, examples_per_step=8, **counts)
    linear.run.train()
    linear.run.evaluate()
    metrics = rows(tmp_path / "metrics.jsonl")
    assert [row["train_flops"] for row in metrics] == [6e9, 12e9, 18e9, 24e9]
    assert [row["examples"] for row in metrics] == [24, 48, 72, 96]
    assert all(row["matmul_share"] > 0 for row in metrics)
    assert "FLOP/s (" in capsys.readouterr().err
    for name in ("train", "eval", "train_by_flops", "eval_by_flops"):
        assert list((tmp_path / "summaries" / name).iterdir()), name


def test_a_record_of_each_start(tmp_path):
    LinearRun(tmp_path, num_train_steps=6).run.train()
    LinearRun(tmp_path).run.train()
    starts = rows(tmp_path / "runs.jsonl")
    assert [row["step"] for row in starts] == [0, 6]
    assert starts[1]["num_train_steps"] == 12
    assert starts[1]["replicas"] == 1


def test_warnings_of_the_program(tmp_path, caplog):
    linear = LinearRun(None)
    linear.run._logbook.warn = lambda step, metrics: (
        "odd" if step == 6 else None
    )
    linear.run.train()
    assert caplog.messages.count("odd") == 1


def test_trace_of_some_steps(tmp_path):
    LinearRun(tmp_path, profile_steps=(4, 5)).run.train()
    assert steps(tmp_path) == [3, 4, 5, 6, 9, 12]
    traces = tmp_path / "summaries" / "profile" / "plugins" / "profile"
    assert list(traces.rglob("*.xplane.pb"))


def test_no_trace_of_steps_that_are_past(tmp_path):
    LinearRun(tmp_path, num_train_steps=6).run.train()
    LinearRun(tmp_path, profile_steps=(2, 5)).run.train()
    assert steps(tmp_path) == [3, 6, 9, 12]
    assert not (tmp_path / "summaries" / "profile").exists()


def test_a_trace_and_evaluations(tmp_path):
    settings = {"profile_steps": (5, 7), "evaluate_every": 6}
    LinearRun(tmp_path, **settings).run.train()
    assert steps(tmp_path) == [3, 5, 6, 7, 9, 12]
    assert [r["step"] for r in rows(tmp_path / "evaluations.jsonl")] == [6]
