"""Which Discord: the real one, or a stand-in at another address."""

import discord
import yarl
from discord import gateway, http

API = "api/v10"


def point_at(url: str) -> None:
    """Send everything that discord.py does in this process to a stand-in.

    The three addresses are attributes of the library's classes, so they hold for the whole process, webhooks included.
    """
    base = yarl.URL(url)
    http.Route.BASE = str(base / API)
    gateway.DiscordWebSocket.DEFAULT_GATEWAY = base.with_scheme("wss" if base.scheme == "https" else "ws") / "gateway"
    discord.Asset.BASE = str(base).rstrip("/")
