"""Processes that wait for each other; no TensorFlow."""

import concurrent.futures
import logging
import os
import socket

import pytest

from electra_tf.errors import UserError
from electra_tf.training import meeting
from tests.faults.jobs import free_addresses


def listening(address: str) -> socket.socket:
    host, port = address.split(":")
    return socket.create_server((host, int(port)))


@pytest.mark.parametrize("number", [1, 2, 3])
def test_all_come(number):
    addresses = free_addresses(number)

    def join(index: int) -> socket.socket:
        meeting.meet(addresses, index, 20)
        return listening(addresses[index])  # As TensorFlow does next.

    with concurrent.futures.ThreadPoolExecutor() as pool:
        for server in list(pool.map(join, range(number))):
            server.close()


def test_one_does_not_come(caplog, monkeypatch):
    monkeypatch.setattr(meeting, "_PATIENCE", 0.1)
    addresses = free_addresses(3)
    with (
        listening(addresses[1]),
        caplog.at_level(logging.WARNING),
        pytest.raises(meeting.AbsentWorkersError) as raised,
    ):
        meeting.meet(addresses, 0, 0.8)
    assert raised.value.exit_status == os.EX_UNAVAILABLE
    message = f"from 1 of the 3 processes of this job: {addresses[2]} (Connect"
    assert message in str(raised.value)
    assert message in caplog.messages[0]


def test_an_address_that_is_taken():
    addresses = free_addresses(2)
    with (
        listening(addresses[0]),
        pytest.raises(UserError, match=f"{addresses[0]}: Address already in"),
    ):
        meeting.meet(addresses, 0)
