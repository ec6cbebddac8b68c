"""What is asked for in a person's name: a JSON object and perhaps files, read with care."""

import base64
from typing import Any

from bot.sandbox.container import Container
from bot.sandbox.errors import ApiError, HumanError
from bot.sandbox.limits.message import MAX_DESCRIPTION_LENGTH
from bot.sandbox.state.attachments import Upload
from bot.sandbox.state.messages import Message
from bot.sandbox.state.world import Channel, User

Json = dict[str, Any]


class HumanRequest:
    """One request; each method raises HumanError if its field is missing or of the wrong type.

    Args:
        body: the JSON object.
        files: the parts of a multipart body, by name; the JSON refers to them.
    """

    def __init__(self, body: Json, files: dict[str, Upload] | None = None) -> None:
        self._body = body
        self._files = files or {}

    def text(self, name: str, default: str | None = None) -> str:
        """Return a string; ids may be given as numbers."""
        value = self._body.get(name, default)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            raise HumanError("invalid", f"{name} must be a string.")
        return value

    def has(self, name: str) -> bool:
        """Tell whether a field was given."""
        return self._body.get(name) is not None

    def value(self, name: str) -> Any:
        """Return a field as it is; None if it is missing."""
        return self._body.get(name)

    def flag(self, name: str) -> bool:
        """Return a boolean; False if it is missing."""
        return bool(self._body.get(name, False))

    def seconds(self, name: str) -> float:
        """Return a number of seconds, not negative."""
        value = self._body.get(name)
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1e6:
            raise HumanError("invalid", f"{name} must be a number of seconds.")
        return float(value)

    def mapping(self, name: str) -> Json:
        """Return an object; an empty one if it is missing."""
        value = self._body.get(name) or {}
        if not isinstance(value, dict):
            raise HumanError("invalid", f"{name} must be an object.")
        return value

    def items(self, name: str) -> list[Any]:
        """Return a list; an empty one if it is missing."""
        value = self._body.get(name) or []
        if not isinstance(value, list):
            raise HumanError("invalid", f"{name} must be a list.")
        return value

    def uploads(self, name: str = "files") -> dict[int, Upload]:
        """Return a list of files, by index."""
        return {index: self.upload(item) for index, item in enumerate(self.items(name))}

    def upload(self, item: Any) -> Upload:
        """Return a file that the JSON refers to or holds (`docs/sandbox.md`)."""
        if isinstance(item, Upload):
            return item
        if not isinstance(item, dict):
            raise HumanError("invalid", "A file is an object with `file`, or with `filename` and `base64`.")
        description = str(item["description"])[:MAX_DESCRIPTION_LENGTH] if item.get("description") else None
        if "file" in item:
            file = self._files.get(str(item["file"]))
            if file is None:
                raise HumanError("invalid", f"There is no part named {item['file']}.")
            return Upload(
                filename=str(item.get("filename") or file.filename),
                content=file.content,
                content_type=file.content_type,
                description=description,
            )
        try:
            content = base64.b64decode(item.get("base64", ""), validate=True)
        except (TypeError, ValueError):
            raise HumanError("invalid", "base64 cannot be decoded.") from None
        return Upload(
            filename=str(item.get("filename") or ""),
            content=content,
            content_type=str(item.get("content_type") or ""),
            description=description,
        )

    # -- what exists -----------------------------------------------------------------------------------------------

    def user(self, container: Container, name: str = "as") -> User:
        """Return the user that a field names, by id or user name."""
        wanted = self.text(name)
        for user in container.world.users.values():
            if wanted in (user.id, user.username):
                return user
        raise HumanError("unknown_member", f"There is nobody called {wanted}.", 404)

    def channel(self, container: Container, me: User) -> Channel:
        """Return the channel that is named, if this user sees it."""
        channel = container.world.channels.get(self.text("channel_id"))
        if channel is None or not container.world.can_see(me.id, channel):
            raise HumanError("unknown_channel", "There is no such channel for this member.", 404)
        return channel

    def message(self, container: Container, me: User, name: str = "message_id") -> Message:
        """Return the message that is named, if this user sees it."""
        message = container.messages.find(self.text(name))
        try:
            seen = message is not None and container.world.can_see(me.id, container.world.channel(message.channel_id))
        except ApiError:
            seen = False
        if message is None or not seen or message.visible_to not in (None, me.id):
            raise HumanError("unknown_message", "There is no such message for this member.", 404)
        return message
