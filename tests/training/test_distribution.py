import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from electra_tf.errors import UserError
from electra_tf.training import distribution, meeting, optimizer
from tests import tiny
from tests.replicas import two_replicas


def strategy(name, **settings):
    return distribution.strategy(
        tiny.pretraining(distribution_strategy=name, **settings)
    )


@pytest.mark.parametrize("name", ["off", "one_device", "mirrored"])
def test_without_more_devices_there_is_one_replica(name):
    assert strategy(name).num_replicas_in_sync == 1


def test_the_cpu_in_parts():
    # This process has split it in two already.
    assert strategy("mirrored", logical_cpus=2).num_replicas_in_sync == 2
    with pytest.raises(ValueError, match="logical_cpus=3 any more"):
        strategy("mirrored", logical_cpus=3)


def test_several_machines_have_to_be_named(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(ValueError, match=r"TF_CONFIG.*Received: none"):
        strategy("multi_worker_mirrored")


RING = {"collective_communication": "ring"}
PACKS = {"collective_bytes_per_pack": 4}


@pytest.mark.parametrize("options", [RING, PACKS])
@pytest.mark.parametrize("name", ["off", "one_device", "tpu"])
def test_replicas_that_exchange_nothing(name, options):
    with pytest.raises(UserError, match="needs a distribution_strategy whose"):
        tiny.pretraining(distribution_strategy=name, **options)


@pytest.mark.parametrize("options", [RING, PACKS])
def test_one_replica_exchanges_nothing(options):
    with pytest.raises(UserError, match="one replica, which exchanges nothing"):
        strategy("mirrored", **options)


def test_nccl_without_gpus():
    nccl = {"collective_communication": "nccl"}
    with pytest.raises(UserError, match="needs GPUs"):
        strategy("mirrored", logical_cpus=2, **nccl)


def exchanges(**options) -> list[str]:
    """How the gradients of ten numbers and of one are exchanged, by packs."""
    config = tiny.pretraining(
        distribution_strategy="mirrored", logical_cpus=2, **options
    )
    made = two_replicas()
    with made.scope():
        variables = {
            name: keras.Variable(np.zeros(size, np.float32))
            for name, size in (("a", 10), ("b", 1))
        }
        adamw = optimizer.AdamW(
            variables,
            lambda step: 1.0,
            communication=distribution.communication(config),
        )

    def apply():
        ones = {name: tf.ones(v.shape) for name, v in variables.items()}
        adamw.apply(ones, 0)

    update = tf.function(lambda: made.run(apply))
    nodes = update.get_concrete_function().graph.as_graph_def().node
    return [
        node.attr["communication_hint"].s.decode()
        for node in nodes
        if node.op.startswith("CollectiveReduce")
    ]


@pytest.mark.parametrize("options, packs", [({}, 1), (RING, 1), (PACKS, 2)])
def test_packs_of_gradients_are_exchanged_one_by_one(options, packs):
    assert exchanges(**options) == ["ring"] * (2 * packs)


@pytest.mark.parametrize("options", [{}, RING, PACKS])
def test_several_machines_get_the_options(monkeypatch, options):
    got = []
    monkeypatch.setattr(meeting, "meet", lambda *_: None)
    monkeypatch.setenv(
        "TF_CONFIG",
        '{"cluster": {"worker": ["a:1", "b:1"]},'
        ' "task": {"type": "worker", "index": 0}}',
    )
    monkeypatch.setattr(
        tf.distribute,
        "MultiWorkerMirroredStrategy",
        lambda communication_options: (
            got.append(communication_options) or two_replicas()
        ),
    )
    strategy("multi_worker_mirrored", **options)
    kind = options.get("collective_communication", "auto").upper()
    assert got[0].implementation.value == kind
    assert got[0].bytes_per_pack == options.get("collective_bytes_per_pack", 0)


@pytest.mark.parametrize(
    "settings, hidden_size, expected",
    [
        ({"num_train_steps": 2000}, 64, True),
        ({"num_train_steps": 2000}, 65, False),
        ({"num_train_steps": 1999}, 64, False),
        ({"num_train_steps": 1999, "jit_compile": True}, 65, True),
        ({"num_train_steps": 2000, "jit_compile": False}, 64, False),
        ({"num_train_steps": 10, "distribution_strategy": "tpu"}, 256, True),
    ],
)
def test_what_is_compiled_without_a_gpu(settings, hidden_size, expected):
    config = tiny.pretraining(**settings)
    assert distribution.compiles(config, hidden_size) == expected


class FakeTpu:
    """Stands in for what TensorFlow has of TPUs; notes what is called."""

    num_replicas_in_sync = 8

    def __init__(self, monkeypatch):
        self.calls = []
        border = {
            (tf.distribute.cluster_resolver, "TPUClusterResolver"): self.note,
            (tf.config, "experimental_connect_to_cluster"): self.connect,
            (tf.tpu.experimental, "initialize_tpu_system"): self.initialize,
            (tf.distribute, "TPUStrategy"): lambda resolver: self,
        }
        for (module, name), function in border.items():
            monkeypatch.setattr(module, name, function)

    def note(self, **arguments):
        self.calls.append(arguments)
        return self

    def connect(self, resolver):
        self.calls.append("connect")

    def initialize(self, resolver):
        self.calls.append("initialize")


@pytest.mark.parametrize("cores", [{}, {"num_tpu_cores": 8}])
def test_flags_reach_the_tpu(monkeypatch, cores):
    fake = FakeTpu(monkeypatch)
    made = strategy(
        "tpu",
        tpu_name="pod",
        tpu_zone="europe-west4-a",
        gcp_project="mine",
        tpu_job_name="tpu_worker",
        **cores,
    )
    assert made is fake
    where = {
        "tpu": "pod",
        "zone": "europe-west4-a",
        "project": "mine",
        "job_name": "tpu_worker",
    }
    assert fake.calls == [where, "connect", "initialize"]


def test_the_tpu_of_this_machine_needs_no_connection(monkeypatch):
    fake = FakeTpu(monkeypatch)
    strategy("tpu", tpu_name="local")
    assert fake.calls == [{"tpu": "local"}, "initialize"]


def test_another_number_of_cores(monkeypatch):
    FakeTpu(monkeypatch)
    with pytest.raises(ValueError, match=r"the TPU's, 8, .* Received: 32"):
        strategy("tpu", tpu_name="local", num_tpu_cores=32)


def test_no_tpu(monkeypatch):
    monkeypatch.delenv("TPU_NAME", raising=False)
    with pytest.raises(ValueError, match="no TPU to use as tpu_name='local'"):
        strategy("tpu", tpu_name="local")


def test_a_tpu_that_cannot_be_looked_up(monkeypatch):
    def resolver(**_):
        raise RuntimeError("Run `pip install cloud-tpu-client` to fix.")

    FakeTpu(monkeypatch)
    monkeypatch.setattr(
        tf.distribute.cluster_resolver, "TPUClusterResolver", resolver
    )
    with pytest.raises(UserError, match="pip install cloud-tpu-client"):
        strategy("tpu", tpu_name="pod")


def test_files_of_a_tpu_are_those_of_this_process(monkeypatch):
    here = tf.distribute.get_strategy()
    assert distribution.files_device(here) is None
    distribution.check_hosts(here, ["gs://bucket/a"])
    monkeypatch.setattr(tf.distribute, "TPUStrategy", FakeTpu)
    pod = FakeTpu.__new__(FakeTpu)
    assert distribution.files_device(pod).startswith("/job:localhost/")
    pod.extended = types.SimpleNamespace(num_hosts=1)
    distribution.check_hosts(pod, ["gs://bucket/a"])
    pod.extended.num_hosts = 4
    distribution.check_hosts(pod, ["/bucket/a", ""])
    with pytest.raises(UserError, match="TPU's 4 machines reads"):
        distribution.check_hosts(pod, ["/bucket/a", "gs://bucket/a"])


@pytest.fixture
def gpus(monkeypatch):
    """Stand in for two GPUs."""
    monkeypatch.setattr(
        tf.config,
        "list_physical_devices",
        lambda kind: [kind] * 2 if kind == "GPU" else [],
    )


def test_gpus_that_are_not_used(gpus, capsys):
    strategy("off")
    assert "One of 2 GPUs is used" in capsys.readouterr().err


def test_a_cpu_in_parts_beside_gpus(gpus):
    with pytest.raises(UserError, match="logical_cpus is for machines without"):
        strategy("mirrored", logical_cpus=2)


def test_what_is_distributed_is_not_tuned():
    """A program would wait for the thread that tunes, up to a minute."""
    dataset = distribution.distribute(
        lambda context: tf.data.Dataset.range(3), strategy("off")
    )
    assert dataset.options().autotune.enabled is False
