"""Tests the guard that keeps tests off the network."""

import socket

import pytest

from tests.conftest import NetworkReached


def test_a_connection_out_of_this_machine_fails() -> None:
    with socket.socket() as out, pytest.raises(NetworkReached, match=r"192\.0\.2\.1"):
        out.connect(("192.0.2.1", 443))


def test_looking_up_a_name_outside_fails() -> None:
    with pytest.raises(NetworkReached, match=r"api\.telegram\.org"):
        socket.getaddrinfo("api.telegram.org", 443)
