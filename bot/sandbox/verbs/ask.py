"""What a person's program asks for: a JSON object and perhaps files, read with care."""

import base64
from typing import Any

from bot.sandbox.errors import ApiError, HumanError
from bot.sandbox.files import Upload
from bot.sandbox.limits.message import MOST_DESCRIPTION
from bot.sandbox.messages import Message
from bot.sandbox.parts import Parts
from bot.sandbox.world import Channel, User

Json = dict[str, Any]


class Ask:
    """One request; each getter raises HumanError if its field is missing or of the wrong kind."""

    def __init__(self, body: Json, parts: dict[str, Upload] | None = None) -> None:
        self._body = body
        self._parts = parts or {}

    def text(self, name: str, default: str | None = None) -> str:
        """Return a string (ids may be given as numbers)."""
        value = self._body.get(name, default)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            raise HumanError("invalid", f"{name} must be a string.")
        return value

    def has(self, name: str) -> bool:
        """Say whether a field was given."""
        return self._body.get(name) is not None

    def value(self, name: str) -> Any:
        """Return a field as it is; None if missing."""
        return self._body.get(name)

    def flag(self, name: str) -> bool:
        """Return a boolean; false if missing."""
        return bool(self._body.get(name, False))

    def seconds(self, name: str) -> float:
        """Return a number of seconds, not negative."""
        value = self._body.get(name)
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1e6:
            raise HumanError("invalid", f"{name} must be a number of seconds.")
        return float(value)

    def mapping(self, name: str) -> Json:
        """Return an object; empty if missing."""
        value = self._body.get(name) or {}
        if not isinstance(value, dict):
            raise HumanError("invalid", f"{name} must be an object.")
        return value

    def items(self, name: str) -> list[Any]:
        """Return a list; empty if missing."""
        value = self._body.get(name) or []
        if not isinstance(value, list):
            raise HumanError("invalid", f"{name} must be a list.")
        return value

    def uploads(self, name: str = "files") -> dict[int, Upload]:
        """Return a list of files by index."""
        return {index: self.upload(item) for index, item in enumerate(self.items(name))}

    def upload(self, item: Any) -> Upload:
        """Return a file that is named or carried by the JSON."""
        if isinstance(item, Upload):
            return item
        if not isinstance(item, dict):
            raise HumanError("invalid", "A file is an object with `file`, or with `filename` and `base64`.")
        described = str(item["description"])[:MOST_DESCRIPTION] if item.get("description") else None
        if "file" in item:
            part = self._parts.get(str(item["file"]))
            if part is None:
                raise HumanError("invalid", f"There is no part named {item['file']}.")
            return Upload(
                filename=str(item.get("filename") or part.filename),
                content=part.content,
                content_type=part.content_type,
                description=described,
            )
        try:
            content = base64.b64decode(item.get("base64", ""), validate=True)
        except (TypeError, ValueError):
            raise HumanError("invalid", "base64 cannot be decoded.") from None
        kind = str(item.get("content_type") or "")
        return Upload(
            filename=str(item.get("filename") or ""), content=content, content_type=kind, description=described
        )

    # -- things of the world ---------------------------------------------------------------------------------------

    def user(self, parts: Parts, name: str = "as") -> User:
        """Return the account that a field names by id or user name."""
        wanted = self.text(name)
        for user in parts.world.users.values():
            if wanted in (user.id, user.username):
                return user
        raise HumanError("unknown_member", f"There is nobody called {wanted}.", 404)

    def channel(self, parts: Parts, me: User) -> Channel:
        """Return the channel that is named, if the member sees it."""
        channel = parts.world.channels.get(self.text("channel_id"))
        if channel is None or not parts.world.can_see(me.id, channel):
            raise HumanError("unknown_channel", "There is no such channel for this member.", 404)
        return channel

    def message(self, parts: Parts, me: User, name: str = "message_id") -> Message:
        """Return the message that is named, if the member sees it."""
        message = parts.messages.find(self.text(name))
        try:
            seen = message is not None and parts.world.can_see(me.id, parts.world.channel(message.channel_id))
        except ApiError:
            seen = False
        if message is None or not seen or message.only not in (None, me.id):
            raise HumanError("unknown_message", "There is no such message for this member.", 404)
        return message
