"""Time zones by their IANA names."""

from zoneinfo import ZoneInfo, available_timezones

from common.near import did_you_mean


def known_zone(name: str) -> str:
    """Return the name of a time zone.

    Raises:
        ValueError: there is none of that name; the text says which one was meant.
    """
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(_unknown(name)) from error
    return name


def _unknown(name: str) -> str:
    zones = available_timezones()
    if not zones:
        return "this machine has no list of time zones; install tzdata (Debian's name)"
    city = name.strip().replace(" ", "_").casefold()
    found = sorted(zone for zone in zones if zone.rsplit("/", 1)[-1].casefold() == city)
    meant = f" Did you mean {found[0]}?" if found else did_you_mean(name, zones)
    return f"there is no time zone {name!r}.{meant}"
