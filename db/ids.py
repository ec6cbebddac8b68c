"""Identifiers that sort by the time they were made: 26 lower-case characters, like a ULID.

48 bits of milliseconds since 1970, then 80 random bits, in Crockford's base 32 (https://github.com/ulid/spec).
And the one id that stands for no server.
"""

import datetime as dt
import secrets

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 26

NO_GUILD = 0  # direct messages, as a server, in rows; None everywhere else


def new_id(now: dt.datetime) -> str:
    """Return a fresh identifier for the moment `now`."""
    number = (int(now.timestamp() * 1000) << 80) | secrets.randbits(80)
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range(5 * (LENGTH - 1), -1, -5))


def moment_of(id: str) -> dt.datetime:
    """Return when an identifier was made."""
    number = 0
    for character in id:
        number = number * 32 + ALPHABET.index(character)
    return dt.datetime.fromtimestamp((number >> 80) / 1000, dt.UTC)
