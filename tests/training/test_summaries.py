import tensorflow as tf

from electra_tf.training.summaries import SummariesByFlops


def test_steps_are_gigaflops(tmp_path):
    write = SummariesByFlops(str(tmp_path), lambda steps: 2.5e9 * steps)
    write(10, {"disc_auc": 0.5})
    write(20, {"disc_auc": 0.75})
    (path,) = tmp_path.iterdir()
    scalars = [
        (event.step, value.tag, float(tf.make_ndarray(value.tensor)))
        for event in tf.compat.v1.train.summary_iterator(str(path))
        for value in event.summary.value
    ]
    assert scalars == [(25, "disc_auc", 0.5), (50, "disc_auc", 0.75)]


def test_writes_nothing_of_what_is_not_counted(tmp_path):
    SummariesByFlops(str(tmp_path / "x"), None)(10, {"disc_auc": 0.5})
    assert list(tmp_path.iterdir()) == []
