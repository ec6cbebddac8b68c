"""Discord's Gateway: HELLO, IDENTIFY, RESUME, heartbeats, and events to the bot.

https://discord.com/developers/docs/events/gateway. Packets are sent as plain text, which every client accepts
whether it asked for compression or not.
"""

import json
import logging
from typing import Any

from aiohttp import WSMsgType, web

from bot.sandbox.bus import Bus, News
from bot.sandbox.faults import Faults
from bot.sandbox.payloads import Payloads
from bot.sandbox.session import Intent, Line, Session
from bot.sandbox.world import World

_log = logging.getLogger(__name__)

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE_STATE, RESUME, RECONNECT = 0, 1, 2, 3, 4, 6, 7
REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 8, 9, 10, 11
AUTHENTICATION_FAILED, DISALLOWED_INTENTS, DECODE_ERROR = 4004, 4014, 4002
KEPT_SESSIONS = 4


class Gateway:
    """Accepts bots and tells them what happens."""

    def __init__(
        self, world: World, payloads: Payloads, bus: Bus, faults: Faults, *, token: str, heartbeat_s: float
    ) -> None:
        self._world = world
        self._payloads = payloads
        self._bus = bus
        self._faults = faults
        self._token = token
        self.heartbeat_s = heartbeat_s
        self._sessions: dict[str, Session] = {}
        self.url = ""  # set once the server knows its port
        self.identifies = 0
        self.resumes = 0

    @property
    def online(self) -> bool:
        """Whether a bot is connected."""
        return bool(self._connected())

    def tell(self, event: str, data: dict[str, Any], intent: int = 0, *, without: dict[str, Any] | None = None) -> None:
        """Send an event to every session that wants it.

        Parameters: without: the event as a bot sees it that has no Message Content intent.
        """
        for session in self._sessions.values():
            if session.wants(intent):
                blind = without is not None and not session.wants(Intent.MESSAGE_CONTENT)
                session.dispatch(event, (without or {}) if blind else data)

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one Gateway connection."""
        socket = web.WebSocketResponse(max_msg_size=1 << 20)
        await socket.prepare(request)
        line = Line(socket)
        line.put({"op": HELLO, "d": {"heartbeat_interval": int(self.heartbeat_s * 1000)}, "s": None, "t": None})
        session: Session | None = None
        try:
            async for frame in socket:
                if frame.type is not WSMsgType.TEXT:
                    continue
                packet = json.loads(frame.data)
                session = await self._receive(line, session, packet["op"], packet.get("d"))
        except (ValueError, KeyError, TypeError, AttributeError):
            _log.warning("the bot sent a Gateway packet that cannot be read", exc_info=True)
            await line.close(DECODE_ERROR, "Decode error.")
        finally:
            await line.stop()
            if session and session.line is line:
                session.line = None
            self._announce()
        return socket

    async def _receive(self, line: Line, session: Session | None, op: int, data: Any) -> Session | None:
        if op == HEARTBEAT:
            if not self._faults.zombie:
                line.put({"op": HEARTBEAT_ACK, "d": None})
        elif op == IDENTIFY:
            return await self._identify(line, data)
        elif op == RESUME:
            return self._resume(line, data)
        elif op == REQUEST_MEMBERS and session:
            self._send_members(session, data)
        elif op not in (PRESENCE, VOICE_STATE):
            _log.warning("the bot sent Gateway op %s, which the sandbox does not know", op)
        return session

    async def _identify(self, line: Line, data: dict[str, Any]) -> Session | None:
        self.identifies += 1
        if data.get("token") != self._token:
            await line.close(AUTHENTICATION_FAILED, "Authentication failed.")
            return None
        intents = int(data.get("intents", 0))
        if intents & Intent.MESSAGE_CONTENT and not self._world.message_content:
            await line.close(DISALLOWED_INTENTS, "Disallowed intent(s).")
            return None
        session = Session(intents, line)
        self._sessions[session.id] = session
        self._forget_old_sessions()
        session.dispatch("READY", self._ready(session))
        for guild in self._world.guilds.values():
            every = session.wants(Intent.GUILD_MEMBERS)
            session.dispatch("GUILD_CREATE", self._payloads.guild_create(guild, all_members=every))
        self._announce()
        return session

    def _ready(self, session: Session) -> dict[str, Any]:
        return {
            "v": 10,
            "user": self._payloads.user(self._world.user(self._world.bot_id)),
            "guilds": [{"id": guild_id, "unavailable": True} for guild_id in self._world.guilds],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "application": {
                "id": self._world.application_id,
                "flags": 1 << (18 if self._world.message_content else 19),
            },
            "private_channels": [],
        }

    def _resume(self, line: Line, data: dict[str, Any]) -> Session | None:
        session = self._sessions.get(str(data.get("session_id")))
        after = int(data.get("seq") or 0)
        if session is None or data.get("token") != self._token or not session.can_replay(after):
            line.put({"op": INVALID_SESSION, "d": False})
            return None
        self.resumes += 1
        session.line = line
        session.replay(after)
        session.dispatch("RESUMED", {})
        self._announce()
        return session

    def _send_members(self, session: Session, data: dict[str, Any]) -> None:
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

    # -- bad days --------------------------------------------------------------------------------------------------

    async def drop(self, code: int = 4000) -> None:
        """Close every connection; what happens meanwhile is told after a RESUME."""
        for session in self._connected():
            line, session.line = session.line, None
            if line:
                await line.close(code)
        self._announce()

    def ask_reconnect(self) -> None:
        """Send op 7: reconnect and resume, please."""
        for session in self._connected():
            self._put(session, {"op": RECONNECT, "d": None})

    def invalidate(self, *, resumable: bool = False) -> None:
        """Send op 9: this session is over, or may be resumed."""
        for session in self._connected():
            self._put(session, {"op": INVALID_SESSION, "d": resumable})
            if not resumable:
                del self._sessions[session.id]

    def replay(self, count: int = 1) -> None:
        """Send the last events once more, as they were: the bot sees duplicates."""
        for session in self._connected():
            session.replay(session.seq - count)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _connected(self) -> list[Session]:
        return [session for session in self._sessions.values() if session.connected]

    def _put(self, session: Session, packet: dict[str, Any]) -> None:
        if session.line is not None:
            session.line.put(packet)

    def _forget_old_sessions(self) -> None:
        gone = [session for session in self._sessions.values() if not session.connected]
        for session in gone[: max(0, len(self._sessions) - KEPT_SESSIONS)]:
            del self._sessions[session.id]

    def _announce(self) -> None:
        self._bus.tell(News(kind="bot", extra={"online": self.online}))
