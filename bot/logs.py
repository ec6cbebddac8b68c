"""What discord.py says in the logs, beside what every program of ours does."""

import logging
from collections.abc import Iterable
from typing import TextIO

import discord

from common import logs

TALKATIVE = ("discord.gateway", "discord.client")  # their INFO says nothing new


def set_up(level: str, secrets: Iterable[str], stream: TextIO | None = None, *, as_json: bool = False) -> None:
    """Send all logs to a stream, as `common.logs` does, and quieten the library."""
    logs.set_up(level, secrets, stream, as_json=as_json)
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody calls anybody here
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING if level == "INFO" else level)
