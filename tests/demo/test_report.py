import json

import pytest

from demo import report

SCORES = {"pretrained": [70.0, 72.0, 71.0], "random": [50.0, 51.0, 49.0]}


@pytest.mark.parametrize(
    "random_scores, verdict",
    [((50, 51, 49), ", more than"), ((70, 69, 71), "NOT more")],
)
def test_table_compares_the_gain_with_the_spread(random_scores, verdict):
    scores = {**SCORES, "random": list(map(float, random_scores))}
    table = report._table(scores)
    assert "| pretrained | 70.0 72.0 71.0 | 71.0 | 70.0 | 72.0 |" in table
    assert verdict in table


def test_curve_is_drawn(tmp_path):
    for name in ("metrics", "evaluations"):
        row = {"step": 1, "mlm_loss": 5.0, "disc_loss": 0.3, "disc_auc": 0.6}
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(row) + "\n")
    report._draw_curve(tmp_path, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
