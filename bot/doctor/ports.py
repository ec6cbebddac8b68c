"""The ports that a start would open."""

from collections.abc import Iterator

from bot.doctor.finding import Finding, Mark
from bot.settings import Settings
from bot.start.ports import check_ports, ports_of


def check_all_ports(settings: Settings, *, running: bool) -> Iterator[Finding]:
    """Report each port that cannot be had.

    Args:
        settings: the operator's.
        running: whether Atelier itself runs, and so has its ports.
    """
    ports = ports_of(settings)
    if not ports:
        return
    if running:
        yield Finding(Mark.NOTE, "ports", "not tried, as Atelier is running and should have them")
        return
    wrong = check_ports(ports)
    for one in wrong:
        yield Finding(Mark.BAD, "ports", one.text, one.remedy)
    if not wrong:
        names = ", ".join(f"{port.setting} {port.number}" for port in ports)
        yield Finding(Mark.GOOD, "ports", f"free: {names}")
