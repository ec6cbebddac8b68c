"""Ports that a start would open: taken ones, forbidden ones and addresses of other machines, by their settings."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings
from bot.start.ports import PortUnusable, check_ports, ports_of


def tried(**values: Any) -> list[PortUnusable]:
    return check_ports(ports_of(Settings(_env_file=None, data_dir=Path("unused"), **values)))


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which something listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def free() -> int:
    """A port on which nothing listened a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize("setting", ["sandbox_port", "desk_port", "metrics_port"])
def test_port_that_is_taken_is_told_with_its_setting_and_a_way_out(taken: int, setting: str) -> None:
    (wrong,) = tried(**{"sandbox_port": 0, setting: taken})
    assert wrong.text == f"{setting.upper()}: port {taken} on 127.0.0.1 is taken by another program."
    assert f"set {setting.upper()} to another port" in wrong.remedy


def test_ports_that_are_free_are_free_afterwards_too(free: int) -> None:
    assert tried(sandbox_port=0, desk_port=free) == []
    with socket.create_server(("127.0.0.1", free)):
        pass


def test_port_that_two_settings_name_is_told(free: int) -> None:
    (wrong,) = tried(sandbox_port=0, desk_port=free, metrics_port=free)
    assert wrong.text == f"METRICS_PORT: port {free} on 127.0.0.1 is DESK_PORT, too."


def test_all_ports_that_are_taken_are_told_at_once(taken: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        wrong = tried(sandbox_port=taken, metrics_port=other.getsockname()[1])
    assert [one.text.split(":")[0] for one in wrong] == ["SANDBOX_PORT", "METRICS_PORT"]


def test_local_discord_needs_no_port_with_a_token(taken: int) -> None:
    assert tried(sandbox_port=taken, discord_token="a token") == []


@pytest.mark.parametrize("host", ["192.0.2.1", "x" * 64])
def test_host_that_is_another_machine_is_told(free: int, host: str) -> None:
    (wrong,) = tried(sandbox_port=0, desk_port=free, metrics_port=1, desk_host=host)
    assert wrong.text == f"DESK_HOST: {host} is no address of this machine."


@pytest.mark.parametrize("host", ["0.0.0.0", "localhost"])  # noqa: S104
def test_other_addresses_of_this_machine_can_be_had(free: int, host: str) -> None:
    assert tried(sandbox_port=free, sandbox_host=host) == []
