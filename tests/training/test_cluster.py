"""TF_CONFIG against the settings; no TensorFlow."""

import json

import pytest

from electra_tf.errors import UserError
from electra_tf.training import cluster

TWO = {"worker": ["a:1", "b:1"]}
CHIEF = {"chief": ["a:1"], "worker": ["b:1"]}
SERVED = {"ps": ["a:1"], "worker": ["b:1"]}


@pytest.fixture
def tf_config(monkeypatch):
    def set_to(value):
        text = value if isinstance(value, str) else json.dumps(value)
        monkeypatch.setenv("TF_CONFIG", text)

    return set_to


def job(hosts: dict, kind: str, index=0) -> dict:
    return {"cluster": hosts, "task": {"type": kind, "index": index}}


@pytest.mark.parametrize(
    "value, chief",
    [
        ("", True),
        (job(TWO, "worker", 0), True),
        (job(TWO, "worker", "1"), False),
        (job(CHIEF, "chief"), True),
        (job(CHIEF, "worker"), False),
    ],
)
def test_the_chief_follows_the_strategy(tf_config, value, chief):
    tf_config(value)
    assert cluster.is_chief(cluster.STRATEGY) == chief
    assert cluster.is_chief("mirrored")


def test_batches_that_cannot_be_shared(tf_config):
    tf_config(job(TWO, "worker", 1))
    cluster.check(cluster.STRATEGY, train_batch_size=4)
    with pytest.raises(UserError, match="train_batch_size must be a multiple"):
        cluster.check(cluster.STRATEGY, eval_batch_size=4, train_batch_size=3)


def test_processes_are_counted_from_the_chief_on(tf_config):
    numbers = []
    for kind, index in (("chief", 0), ("worker", 0)):
        tf_config(job(CHIEF, kind, index))
        numbers.append(cluster.place().number)
        assert cluster.addresses() == ["a:1", "b:1"]
    assert numbers == [0, 1]


@pytest.mark.parametrize("strategy", ["off", "one_device", "mirrored", "tpu"])
def test_a_strategy_of_one_process_in_a_job_of_two(tf_config, strategy):
    for index in (0, 1):
        tf_config(job(TWO, "worker", index))
        with pytest.raises(UserError, match=f"worker {index} of a job of 2"):
            cluster.check(strategy)
    for alone in ("", job({"chief": ["a:1"]}, "chief"), {"cluster": {}}):
        tf_config(alone)
        cluster.check(strategy)


@pytest.mark.parametrize(
    "value", ["", job(SERVED, "ps"), job(SERVED, "worker")]
)
def test_a_strategy_of_several_processes_without_a_job(tf_config, value):
    tf_config(value)
    with pytest.raises(UserError, match="TF_CONFIG"):
        cluster.check(cluster.STRATEGY)


@pytest.mark.parametrize(
    "value",
    [
        '{"cluster": ',
        "[]",
        "3",
        {"cluster": ["a:1"]},
        {"cluster": TWO},
        {"cluster": {"worker": 2}},
        job(TWO, "worker", 2),
        job(TWO, "worker", -1),
        job(TWO, "worker", "first"),
        job(TWO, "evaluator"),
        job({"worker": "a:1"}, "worker"),
        job({"worker": {"0": "a:1"}}, "worker"),
        job({"worker": ["a"]}, "worker"),
        job({"worker": ["a:1", "a:1"]}, "worker"),
        job({"worker": ["a:1", 2]}, "worker"),
        job(TWO, "worker", True),
    ],
)
def test_malformed(tf_config, value):
    tf_config(value)
    for strategy in ("one_device", cluster.STRATEGY):
        with pytest.raises(UserError, match="must name the processes"):
            cluster.check(strategy)
