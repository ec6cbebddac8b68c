"""discord.py in this process: which Discord it talks to, and what it says in the logs."""

import logging

import discord
import yarl
from discord import gateway, http

API = "api/v10"
TALKATIVE = ("discord.gateway", "discord.client")  # their INFO says nothing new


def point_at(url: str) -> None:
    """Send everything that discord.py does in this process to a stand-in.

    The three addresses are attributes of the library's classes, so they hold for the whole process, webhooks included.
    """
    base = yarl.URL(url)
    http.Route.BASE = str(base / API)
    gateway.DiscordWebSocket.DEFAULT_GATEWAY = base.with_scheme("wss" if base.scheme == "https" else "ws") / "gateway"
    discord.Asset.BASE = str(base).rstrip("/")


def quieten(level: str) -> None:
    """Leave out of the logs, which have a level already, what says nothing new."""
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody calls anybody here
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING if level == "INFO" else level)
