"""The manifests of Kubernetes and the image, as far as no daemon is needed."""

import copy
import re
import shlex
import subprocess

import kubernetes_validate
import pytest
import yaml

from electra_tf.errors import Stopped
from electra_tf.io.claims import DiskFullError
from electra_tf.training.progress import STALLED
from tests.commands import ROOT

DEPLOY = ROOT / "deploy"
MANIFESTS = DEPLOY / "kubernetes"


def _read(name: str) -> dict:
    return yaml.safe_load((MANIFESTS / name).read_text("utf-8"))


def _jobs() -> dict[str, dict]:
    """Return the jobs of Kubernetes itself that the two operators make."""
    jobset = _read("jobset.yaml")["spec"]["replicatedJobs"][0]["template"]
    worker = _read("tfjob.yaml")["spec"]["tfReplicaSpecs"]["Worker"]
    pod = copy.deepcopy(worker["template"])
    pod["spec"]["restartPolicy"] = worker["restartPolicy"]
    return {"jobset": jobset["spec"], "tfjob": {"template": pod}}


@pytest.mark.parametrize("name", ["jobset", "tfjob"])
def test_schema(name):
    """The pods are what Kubernetes' own schema allows."""
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "electra"},
        "spec": _jobs()[name],
    }
    kubernetes_validate.validate(job, "1.32", strict=True)
    job["spec"]["template"]["spec"]["containers"][0]["imagee"] = "typo"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, "1.32", strict=True)


def test_hosts_of_the_jobset():
    """The workers' names are those that JobSet gives, one a pod."""
    jobset = _read("jobset.yaml")
    (job,) = jobset["spec"]["replicatedJobs"]
    spec = job["template"]["spec"]
    script = spec["template"]["spec"]["containers"][0]["command"][2]
    listed = re.search(r"\S+\{\S+", script)[0].rstrip(")")
    hosts = subprocess.check_output(
        ["bash", "-c", f"echo {listed}"], text=True
    ).split()
    name = jobset["metadata"]["name"]
    assert spec["completions"] == spec["parallelism"] == len(hosts)
    # <jobset>-<job>-<replica>-<pod>.<subdomain>, which is the jobset's name.
    assert hosts == [
        f"{name}-{job['name']}-0-{pod}.{name}" for pod in range(len(hosts))
    ]


def test_a_saved_run_goes_on():
    """Only statuses that a restart cannot mend end the job for good."""
    rules = _jobs()["jobset"]["podFailurePolicy"]["rules"]
    statuses = rules[0]["onExitCodes"]["values"]
    assert {Stopped.exit_status, STALLED}.isdisjoint(statuses)
    assert {1, 2, 70, DiskFullError.exit_status} == set(statuses)


def _instructions() -> list[list[str]]:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    lines = re.sub(r"^#.*\n", "", text, flags=re.M).replace("\\\n", " ")
    return [shlex.split(line) for line in lines.splitlines() if line]


def test_image_copies_what_is_there():
    """What COPY names exists, and .dockerignore leaves it in."""
    left_in = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = [
        source
        for instruction, *words in _instructions()
        if instruction == "COPY"
        for source in words[:-1]
    ]
    assert set(copied) == left_in
    for source in copied:
        assert (ROOT / source).exists()


def test_image_installs_what_setup_asks_for():
    """The TensorFlow of tf-models-official, and extras that there are."""
    setup = (ROOT / "setup.py").read_text("utf-8")
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    bounds = re.search(r'"\$\{TENSORFLOW\}(.+?)"', text)[1]
    assert f"'tf-models-official{bounds}; " in setup
    for extra in re.search(r"^ARG EXTRAS=(.+)$", text, re.M)[1].split(","):
        assert f'"{extra}": [' in setup
    assert re.search(r"FROM python:(\d\.\d+)-slim", text)[1] == "3.12"


def test_image_starts_a_program():
    """What it runs by default is copied into it."""
    words = dict(
        (instruction, words)
        for instruction, *words in _instructions()
        if instruction in ("ENTRYPOINT", "CMD")
    )
    assert words["ENTRYPOINT"] == ["[python]"]
    assert words["CMD"][0].strip("[,") == "run_pretraining.py"
