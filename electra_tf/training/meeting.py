"""The processes of a job meet, before TensorFlow joins them.

TensorFlow waits for all processes of a job within one call, which says nothing
and lets neither signals nor threads of Python through. So each listens at its
own address first, and asks at those of the others until all have answered.
"""

import contextlib
import logging
import os
import socket
import time
from collections.abc import Sequence

from electra_tf.errors import UserError
from electra_tf.training import cluster
from electra_tf.training.progress import duration

LIMIT = 1800.0  # Seconds, where no others are asked for.
_PATIENCE = 30.0  # Seconds until those are named that do not answer.
_ANSWER = 2.0  # Seconds for one to answer,
_PAUSE = 0.2  # and before it is asked again.


class AbsentWorkersError(UserError):
    """Another process of the job has not come."""

    exit_status = os.EX_UNAVAILABLE


def meet(addresses: Sequence[str], number: int, limit: float = 0.0) -> None:
    """Wait until every other process of the job has answered.

    Args:
        addresses: HOST:PORT of all processes.
        number: the place of this one among them.
        limit: seconds to wait; 0 for `LIMIT`.

    Raises:
        AbsentWorkersError: when one has not answered in time.
        UserError: when another program has this process's address.
    """
    began, patience, limit = time.monotonic(), _PATIENCE, limit or LIMIT
    own = addresses[number]
    absent = {address: "" for address in addresses if address != own}
    with _listening(own) as door:
        while True:
            absent = {
                address: reason
                for address in absent
                if (reason := _silence(address)) is not None
            }
            if not absent:
                return
            with contextlib.suppress(BlockingIOError):  # Until nobody is left.
                while True:
                    door.accept()[0].close()
            waited = time.monotonic() - began
            if waited > min(patience, limit):
                text = _message(waited, absent, len(addresses))
                if waited > limit:
                    raise AbsentWorkersError(text)
                logging.warning("%s", text)
                patience *= 2
            time.sleep(_PAUSE)


def _message(waited: float, absent: dict[str, str], processes: int) -> str:
    reasons = "; ".join(f"{a} ({reason})" for a, reason in absent.items())
    return (
        f"No answer for {duration(waited)} from {len(absent)} of the "
        f"{processes} processes of this job: {reasons}. Start what has not "
        f"been started, with the same {cluster.VARIABLE} but for the index. "
        "What has ended says why in its own messages: correct that, and start "
        "it again."
    )


def _listening(address: str) -> socket.socket:
    """Return a socket at the port of an address, which is never waited for."""
    two = socket.has_dualstack_ipv6()
    try:
        door = socket.create_server(
            ("", _split(address)[1]),
            family=socket.AF_INET6 if two else socket.AF_INET,
            dualstack_ipv6=two,
        )
    except OSError as error:
        raise UserError(
            f"This process cannot listen at its address in {cluster.VARIABLE}, "
            f"{address}: {error.strerror}. End the program that does, perhaps "
            "the same job before, or give another port."
        ) from error
    door.setblocking(False)
    return door


def _silence(address: str) -> str | None:
    """Return why an address does not answer; None if it does."""
    try:
        socket.create_connection(_split(address), _ANSWER).close()
    except OSError as error:
        return error.strerror or str(error)
    return None


def _split(address: str) -> tuple[str, int]:
    """Return host and port.

    >>> _split("[::1]:2222")
    ('::1', 2222)
    """
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)
