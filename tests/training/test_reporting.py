import io
import json

from electra_tf.training.reporting import MetricsFile, Progress


def test_progress_line(monkeypatch):
    clock = iter([0.0, 4.0, 6.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    stream = io.StringIO()
    progress = Progress(40, 0, tokens_per_step=1000, stream=stream)
    metrics = {"mlm_loss": 4.25, "disc_loss": 0.1, "learning_rate": 5e-4}
    reported = progress(20, metrics)
    progress(40, metrics)
    assert reported["steps_per_second"] == 5
    assert reported["tokens_per_second"] == 5000
    assert stream.getvalue().splitlines() == [
        "step 20/40 | mlm 4.25 | disc 0.1 | lr 5.00e-04 | 5.00 steps/s | "
        "5.0k tokens/s | 0:04 left",
        "step 40/40 | mlm 4.25 | disc 0.1 | lr 5.00e-04 | 10.00 steps/s | "
        "10.0k tokens/s | 0:00 left",
    ]


def test_metrics_file(tmp_path):
    path = tmp_path / "runs" / "metrics.jsonl"
    writer = MetricsFile(path)
    writer(1, {"loss": 2.0})
    writer(2, {"loss": 1.0})
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert rows == [{"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.0}]
