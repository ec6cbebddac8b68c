"""Discord's Gateway: HELLO, IDENTIFY, RESUME, heartbeats, and events to the bot.

https://discord.com/developers/docs/events/gateway

Packets are sent as plain text, which every client accepts whether it asked for compression or not.
"""

import json
import logging
from typing import Any

from aiohttp import WSMsgType, web

from bot.sandbox.events import Event, EventBus
from bot.sandbox.faults import Faults
from bot.sandbox.gateway.connection import GatewayConnection
from bot.sandbox.gateway.intents import Intent
from bot.sandbox.gateway.opcodes import CloseCode, Opcode
from bot.sandbox.gateway.session import GatewaySession
from bot.sandbox.state.payloads import Payloads
from bot.sandbox.state.world import World

_log = logging.getLogger(__name__)

MAX_SESSIONS = 4


class Gateway:
    """Accepts the bot's connections and dispatches events to its sessions.

    Args:
        world: what there is.
        payloads: builds Discord's objects.
        events: is told when the bot comes and goes.
        faults: says whether heartbeats are acknowledged.
        token: the bot's token.
        heartbeat_s: the interval at which the bot is asked for heartbeats.
    """

    def __init__(
        self, world: World, payloads: Payloads, events: EventBus, faults: Faults, *, token: str, heartbeat_s: float
    ) -> None:
        self._world = world
        self._payloads = payloads
        self._events = events
        self._faults = faults
        self._token = token
        self.heartbeat_s = heartbeat_s
        self._sessions: dict[str, GatewaySession] = {}
        self.url = ""  # set once the server knows its port
        self.identifies = 0
        self.resumes = 0

    @property
    def online(self) -> bool:
        """Whether a bot is connected."""
        return bool(self._connected())

    @property
    def newest_event(self) -> int:
        """The number of the latest event that a bot which is connected was sent; 0: there is none."""
        return max((session.seq for session in self._connected()), default=0)

    def dispatch(
        self, event: str, data: dict[str, Any], intent: int = 0, *, without_content: dict[str, Any] | None = None
    ) -> None:
        """Send an event to every session that asked for it; none of a guild that the bot is not in.

        Args:
            event: its name, such as MESSAGE_CREATE.
            data: its data.
            intent: the intent that it belongs to; 0: none is needed.
            without_content: its data for a bot without the Message Content intent; None: the same.
        """
        guild = self._world.guilds.get(str(data.get("guild_id")))
        if guild is not None and self._world.bot_id not in guild.members:
            return
        for session in self._sessions.values():
            if session.has_intent(intent):
                stripped = without_content is not None and not session.has_intent(Intent.MESSAGE_CONTENT)
                session.dispatch(event, (without_content or {}) if stripped else data)

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one connection until it ends."""
        socket = web.WebSocketResponse(max_msg_size=1 << 20)
        await socket.prepare(request)
        connection = GatewayConnection(socket)
        hello = {"heartbeat_interval": int(self.heartbeat_s * 1000)}
        connection.send({"op": Opcode.HELLO, "d": hello, "s": None, "t": None})
        session: GatewaySession | None = None
        try:
            async for frame in socket:
                if frame.type is not WSMsgType.TEXT:
                    continue
                packet = json.loads(frame.data)
                session = await self._receive(connection, session, packet["op"], packet.get("d"))
        except (ValueError, KeyError, TypeError, AttributeError):
            _log.warning("the bot sent a Gateway packet that cannot be read", exc_info=True)
            await connection.close(CloseCode.DECODE_ERROR, "Decode error.")
        finally:
            await connection.stop()
            if session and session.connection is connection:
                session.connection = None
            self._announce()
        return socket

    async def _receive(
        self, connection: GatewayConnection, session: GatewaySession | None, op: int, data: Any
    ) -> GatewaySession | None:
        if op == Opcode.HEARTBEAT:
            if not self._faults.zombie:
                connection.send({"op": Opcode.HEARTBEAT_ACK, "d": None})
        elif op == Opcode.IDENTIFY:
            return await self._identify(connection, data)
        elif op == Opcode.RESUME:
            return self._resume(connection, data)
        elif op == Opcode.REQUEST_GUILD_MEMBERS and session:
            self._send_members(session, data)
        elif op not in (Opcode.PRESENCE_UPDATE, Opcode.VOICE_STATE_UPDATE):
            _log.warning("the bot sent Gateway op %s, which the sandbox does not know", op)
        return session

    async def _identify(self, connection: GatewayConnection, data: dict[str, Any]) -> GatewaySession | None:
        self.identifies += 1
        if data.get("token") != self._token:
            await connection.close(CloseCode.AUTHENTICATION_FAILED, "Authentication failed.")
            return None
        intents = int(data.get("intents", 0))
        if intents & Intent.MESSAGE_CONTENT and not self._world.message_content:
            await connection.close(CloseCode.DISALLOWED_INTENTS, "Disallowed intent(s).")
            return None
        session = GatewaySession(intents, connection)
        self._sessions[session.id] = session
        self._forget_old_sessions()
        session.dispatch("READY", self._ready(session))
        for guild in self._world.bot_guilds():
            every = session.has_intent(Intent.GUILD_MEMBERS)
            session.dispatch("GUILD_CREATE", self._payloads.guild_create(guild, all_members=every))
        self._announce()
        return session

    def _ready(self, session: GatewaySession) -> dict[str, Any]:
        return {
            "v": 10,
            "user": self._payloads.user(self._world.user(self._world.bot_id)),
            "guilds": [{"id": guild.id, "unavailable": True} for guild in self._world.bot_guilds()],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "application": {
                "id": self._world.application_id,
                "flags": 1 << (18 if self._world.message_content else 19),
            },
            "private_channels": [],
        }

    def _resume(self, connection: GatewayConnection, data: dict[str, Any]) -> GatewaySession | None:
        session = self._sessions.get(str(data.get("session_id")))
        after = int(data.get("seq") or 0)
        if session is None or data.get("token") != self._token or not session.can_replay(after):
            connection.send({"op": Opcode.INVALID_SESSION, "d": False})
            return None
        self.resumes += 1
        session.connection = connection
        session.replay(after)
        session.dispatch("RESUMED", {})
        self._announce()
        return session

    def _send_members(self, session: GatewaySession, data: dict[str, Any]) -> None:
        guild = self._world.guilds.get(str(data.get("guild_id")))
        if guild is None:
            return
        named = data.get("user_ids")
        wanted = None if named is None else {str(i) for i in (named if isinstance(named, list) else [named])}
        query = str(data.get("query") or "").lower()
        found = [
            self._payloads.member(guild, user_id)
            for user_id in guild.members
            if (wanted is None or user_id in wanted) and self._world.user(user_id).username.startswith(query)
        ]
        chunk = {"guild_id": guild.id, "members": found, "chunk_index": 0, "chunk_count": 1, "not_found": []}
        session.dispatch("GUILD_MEMBERS_CHUNK", chunk | ({"nonce": data["nonce"]} if data.get("nonce") else {}))

    # -- faults ----------------------------------------------------------------------------------------------------

    async def disconnect(self, code: int = CloseCode.UNKNOWN_ERROR) -> None:
        """Close every connection; after a RESUME, the bot is sent what it missed."""
        for session in self._connected():
            connection, session.connection = session.connection, None
            if connection:
                await connection.close(code)
        self._announce()

    def request_reconnect(self) -> None:
        """Send Reconnect (op 7), which a bot answers by reconnecting and resuming."""
        for session in self._connected():
            self._send(session, {"op": Opcode.RECONNECT, "d": None})

    def invalidate_sessions(self, *, resumable: bool = False) -> None:
        """Send Invalid Session (op 9): the session is over, or may be resumed."""
        for session in self._connected():
            self._send(session, {"op": Opcode.INVALID_SESSION, "d": resumable})
            if not resumable:
                del self._sessions[session.id]

    def replay(self, count: int = 1) -> None:
        """Send the last events once more, as they were: duplicates."""
        for session in self._connected():
            session.replay(session.seq - count)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _connected(self) -> list[GatewaySession]:
        return [session for session in self._sessions.values() if session.connected]

    def _send(self, session: GatewaySession, packet: dict[str, Any]) -> None:
        if session.connection is not None:
            session.connection.send(packet)

    def _forget_old_sessions(self) -> None:
        gone = [session for session in self._sessions.values() if not session.connected]
        for session in gone[: max(0, len(self._sessions) - MAX_SESSIONS)]:
            del self._sessions[session.id]

    def _announce(self) -> None:
        self._events.publish(Event(kind="bot", data={"online": self.online}))
