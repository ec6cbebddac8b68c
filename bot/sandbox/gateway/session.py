"""A Gateway session: the events for a bot, numbered and kept so that it can resume after a reconnect.

https://discord.com/developers/docs/events/gateway#resuming
"""

import json
import secrets
from collections import deque
from typing import Any

from bot.sandbox.gateway.connection import GatewayConnection

MAX_REPLAYED = 5000


class GatewaySession:
    """One IDENTIFY and its RESUMEs."""

    def __init__(self, intents: int, connection: GatewayConnection) -> None:
        self.id = secrets.token_hex(16)
        self.intents = intents
        self.seq = 0
        self.connection: GatewayConnection | None = connection
        self._sent: deque[tuple[int, str]] = deque(maxlen=MAX_REPLAYED)

    @property
    def connected(self) -> bool:
        """Whether the bot is there."""
        return self.connection is not None and self.connection.open

    def has_intent(self, intent: int) -> bool:
        """Tell whether the bot asked for the events of an intent; those of 0 are for everybody."""
        return intent == 0 or bool(self.intents & intent)

    def dispatch(self, event: str, data: dict[str, Any]) -> None:
        """Give an event its number, keep it, and send it if the bot is there."""
        self.seq += 1
        packet = json.dumps({"op": 0, "t": event, "s": self.seq, "d": data})
        self._sent.append((self.seq, packet))
        if self.connection is not None:
            self.connection.send_text(packet)

    def can_replay(self, after_seq: int) -> bool:
        """Tell whether all events after a number are still kept."""
        oldest = self._sent[0][0] if self._sent else self.seq + 1
        return oldest - 1 <= after_seq <= self.seq

    def replay(self, after_seq: int) -> None:
        """Send all events after a number once more, as they were."""
        for seq, packet in self._sent:
            if seq > after_seq and self.connection is not None:
                self.connection.send_text(packet)
