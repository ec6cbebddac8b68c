"""What a converting process gives up before it reads a stranger's file: the network."""

import errno
import sys
from typing import Any

REFUSED_CALLS = ("socket", "connect", "sendto", "sendmsg", "bind", "listen", "accept", "accept4", "io_uring_setup")
REFUSED_EVENTS = ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.bind")  # of Python's audit hooks


def give_up_network() -> str:
    """Refuse every connection for as long as the process lives; there is no way back.

    Python's own calls are refused everywhere; a filter of system calls stands behind them where there is libseccomp.

    Returns:
        Why there is no such filter; empty where there is one.
    """
    sys.addaudithook(_refuse)
    try:
        _filter().load()
    except (ImportError, OSError, RuntimeError, AttributeError) as error:  # pyseccomp's ways to say: no libseccomp
        return f"no filter of system calls: {error}"
    return ""


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in REFUSED_EVENTS:
        raise PermissionError(errno.EPERM, "a conversion has no network")


def _filter() -> Any:
    import pyseccomp as seccomp

    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    rules.set_attr(seccomp.Attr.CTL_TSYNC, 1)  # for any thread that a library may have started
    for name in REFUSED_CALLS:
        number = seccomp.resolve_syscall(seccomp.Arch.NATIVE, name)
        if number >= 0:  # else it is not on this processor
            rules.add_rule(seccomp.ERRNO(errno.EPERM), number)
    return rules
