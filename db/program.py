"""What a program brings to each of its connections: how far its clock is moved, and its key of hashes."""

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

OPTION = "atelier_program"  # the execution option of an engine, and so of its connections


@dataclass(slots=True, kw_only=True)
class Program:
    """One program that uses the database."""

    hash_key: bytes = field(repr=False)  # secret; see `db.credits.former_members`
    clock_offset_s: float = 0.0  # by how much it sees the database's time moved; 0 but in tests

    @property
    def options(self) -> dict[str, Any]:
        """The execution options of an engine whose connections know it."""
        return {OPTION: self}


def program_of(connection: sa.Connection) -> Program:
    """Return the program whose connection this is."""
    program: Program = connection.get_execution_options()[OPTION]
    return program
