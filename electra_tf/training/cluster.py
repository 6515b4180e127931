"""The other processes of a job, as the variable TF_CONFIG names them.

It is read here, and held against the settings, before TensorFlow reads it: a
process that takes itself for worker 1 of 2 writes nothing.
"""

import json
import os
import typing

from electra_tf.errors import UserError

# The strategy whose replicas are on several machines.
STRATEGY = "multi_worker_mirrored"
VARIABLE = "TF_CONFIG"
_KINDS = ("chief", "worker")
_EXAMPLE = (
    '{"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]}, "task": '
    '{"type": "worker", "index": 0}}'
)


class Place(typing.NamedTuple):
    """This process among those of its job, all of which are `processes`."""

    kind: str
    index: int
    processes: int
    is_chief: bool
    number: int  # Among all of them, the chief's first.


def place() -> Place | None:
    """Return this process's place; None where no job is named.

    Raises:
        UserError: when the variable is malformed.
    """
    text = os.environ.get(VARIABLE) or "{}"
    try:
        content = json.loads(text)
        cluster = content.get("cluster") or {}
        sizes = {kind: len(hosts) for kind, hosts in cluster.items()}
        task = content.get("task") or {}
        kind, index = task.get("type"), int(str(task.get("index", 0)))
        named = _are_addresses(cluster) and (
            not sizes or 0 <= index < sizes[kind]
        )
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        named = False
    if not named:
        raise UserError(
            f"The environment variable {VARIABLE} must name the processes of "
            f"the job and which of them this is, as in {_EXAMPLE}. Received: "
            f"{text}. Correct it, or unset it for one process."
        )
    if not sizes:
        return None
    first = "chief" if "chief" in sizes else "worker"
    number = index if kind == first else index + sizes.get(first, 0)
    chief = kind == first and index == 0
    return Place(kind, index, sum(sizes.values()), chief, number)


def addresses() -> list[str]:
    """Return HOST:PORT of all processes of the job, by their numbers."""
    cluster = json.loads(os.environ[VARIABLE])["cluster"]
    return [host for kind in _KINDS for host in cluster.get(kind, [])]


def _are_addresses(cluster: dict) -> bool:
    """Say whether hosts are lists of different HOST:PORT."""
    every = [host for hosts in cluster.values() for host in hosts]
    return (
        all(isinstance(hosts, list) for hosts in cluster.values())
        and all(host.rpartition(":")[2].isdecimal() for host in every)
        and len(set(every)) == len(every)
    )


def check(strategy: str, **batch_sizes: int) -> None:
    """Check that the variable and a strategy agree.

    Args:
        strategy: a `distribution_strategy`.
        batch_sizes: those that the processes are to share, by setting.

    Raises:
        UserError: when the variable is malformed, or names other processes
            and the strategy knows of none, or the other way round; for a
            batch that cannot be shared.
    """
    here = place()
    if strategy == STRATEGY:
        if here is None or len(addresses()) < here.processes:
            raise UserError(
                f"{STRATEGY} needs the environment variable {VARIABLE}, such "
                f"as {_EXAMPLE}, with another index in each process; each is "
                f"one of {', '.join(_KINDS)}. Received: "
                f"{os.environ.get(VARIABLE, 'none')}."
            )
        for name, size in batch_sizes.items():
            if size % here.processes:
                raise UserError(
                    f"{name} must be a multiple of the {here.processes} "
                    f"processes of this job. Received: {size}."
                )
    elif here is not None and here.processes > 1:
        raise UserError(
            f"{VARIABLE} names this process {here.kind} {here.index} of a job "
            f"of {here.processes} processes, but distribution_strategy is "
            f"{strategy!r}, which has one. Set distribution_strategy to "
            f"{STRATEGY!r}, or unset {VARIABLE}."
        )


def is_chief(strategy: str) -> bool:
    """Return whether this process is the one of its job that writes."""
    here = place() if strategy == STRATEGY else None
    return here is None or here.is_chief
