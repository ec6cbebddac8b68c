"""The ports that a start opens: whether each can be had, and what to do about one that cannot."""

import contextlib
import errno
import socket
from dataclasses import dataclass
from typing import Any

from bot.settings import Settings
from bot.start.refused import StartRefused

_NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class PortUnusable(StartRefused):
    """A port cannot be opened."""


@dataclass(frozen=True, slots=True)
class Port:
    """A port, and the settings that it comes from."""

    setting: str
    number: int
    host_setting: str
    host: str


def ports_of(settings: Settings) -> list[Port]:
    """Return the ports that a start with these settings opens, without those that may be any free one."""
    is_local = not settings.discord_token and not settings.discord_api_url
    wanted = [
        ("SANDBOX_PORT", settings.sandbox_port if is_local else None, "SANDBOX_HOST"),
        ("DESK_PORT", settings.desk_port, "DESK_HOST"),
        ("METRICS_PORT", settings.metrics_port, "DESK_HOST"),
        ("WEB_PORT", settings.web_port if settings.web_url else None, "WEB_HOST"),
    ]
    hosts = {"SANDBOX_HOST": settings.sandbox_host, "DESK_HOST": settings.desk_host, "WEB_HOST": settings.web_host}
    return [Port(name, number, host, hosts[host]) for name, number, host in wanted if number]


def check_ports(ports: list[Port]) -> list[PortUnusable]:
    """Open each port and close it again; return what is wrong, best before anything else is started."""
    with contextlib.ExitStack() as opened:
        tried = [_tried(port, ports[:number], opened) for number, port in enumerate(ports)]
    return list({wrong.text: wrong for wrong in tried if wrong}.values())  # a host of two ports is told once


def _tried(port: Port, before: list[Port], opened: contextlib.ExitStack) -> PortUnusable | None:
    """Listen on every address of the host; one that this machine has not is no matter where another can be had."""
    errors: list[OSError] = []
    listeners = 0
    try:
        found = socket.getaddrinfo(port.host or None, port.number, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        return _no_address(port)
    for family, _, _, _, address in found:
        try:
            _listen(opened.enter_context(socket.socket(family, socket.SOCK_STREAM)), address)
            listeners += 1
        except OSError as error:
            errors.append(error)
    errors = [error for error in errors if not listeners or error.errno not in _NOT_HERE]
    twin = next((one for one in before if one.number == port.number), None)
    return _explained(port, errors[0], twin) if errors else None


def _listen(listener: socket.socket, address: Any) -> None:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as a server does
    if listener.family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listener.bind(address)
    listener.listen(1)


def _explained(port: Port, error: OSError, twin: Port | None) -> PortUnusable:
    where = f"{port.setting}: port {port.number} on {port.host}"
    another = f"set {port.setting} to another port, or to 0 for any free one"
    if error.errno == errno.EADDRINUSE and twin:
        return PortUnusable(f"{where} is {twin.setting}, too.", f"S{another[1:]}.")
    if error.errno == errno.EADDRINUSE:
        return PortUnusable(f"{where} is taken by another program.", f"End that program, or {another}.")
    if error.errno == errno.EACCES:
        return PortUnusable(f"{where} is not open to this user.", f"Set {port.setting} to a port above 1023.")
    if error.errno in _NOT_HERE:
        return _no_address(port)
    return PortUnusable(f"{where} can't be opened: {(error.strerror or str(error)).lower()}.", f"S{another[1:]}.")


def _no_address(port: Port) -> PortUnusable:
    return PortUnusable(
        f"{port.host_setting}: {port.host} is no address of this machine.",
        f"Set {port.host_setting} to 127.0.0.1, which only this machine reaches.",
    )
