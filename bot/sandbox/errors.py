"""What the sandbox refuses, and how it says so.

SandboxError
├── ApiError     to the bot, in Discord's form: status, code, message, errors
└── HumanError   to the page, a program or a test that acts as a person: a short code and a sentence
"""

from typing import Any

# Discord's names and numbers:
# https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
_KNOWN: dict[str, tuple[int, int, str]] = {
    "unauthorized": (401, 0, "401: Unauthorized"),
    "not_found": (404, 0, "404: Not Found"),
    "unknown_application": (404, 10002, "Unknown ApplicationRoutes"),
    "unknown_channel": (404, 10003, "Unknown Channel"),
    "unknown_guild": (404, 10004, "Unknown Guild"),
    "unknown_member": (404, 10007, "Unknown GuildMember"),
    "unknown_message": (404, 10008, "Unknown Message"),
    "unknown_role": (404, 10011, "Unknown Role"),
    "unknown_user": (404, 10013, "Unknown User"),
    "unknown_emoji": (400, 10014, "Unknown Emoji"),
    "unknown_webhook": (404, 10015, "Unknown Webhook"),
    "unknown_interaction": (404, 10062, "Unknown interaction"),
    "unknown_command": (404, 10063, "Unknown application command"),
    "too_large": (413, 40005, "Request entity too large"),
    "already_acknowledged": (400, 40060, "Interaction has already been acknowledged."),
    "missing_access": (403, 50001, "Missing Access"),
    "not_author": (403, 50005, "Cannot edit a message authored by another user"),
    "empty_message": (400, 50006, "Cannot send an empty message"),
    "cannot_dm": (403, 50007, "Cannot send messages to this user"),
    "missing_permissions": (403, 50013, "Missing Permissions"),
    "wrong_channel_type": (400, 50024, "Cannot execute action on this channel type"),
    "invalid_token": (401, 50027, "Invalid Webhook Token"),
    "invalid_form": (400, 50035, "Invalid BodyErrors Body"),
    "bad_json": (400, 50109, "The request body contains invalid JSON."),
    "loading": (404, 10008, "Unknown Message"),
}


class SandboxError(Exception):
    """What the sandbox refuses."""


class ApiError(SandboxError):
    """Discord's answer to a request of the bot that it refuses.

    Args:
        name: a key of the table above.
        errors: what is wrong with each field, for Invalid Form Body.
    """

    def __init__(self, name: str, errors: dict[str, Any] | None = None) -> None:
        self.status, self.code, self.message = _KNOWN[name]
        self.errors = errors
        super().__init__(f"{self.code}: {self.message} {errors or ''}")

    def payload(self) -> dict[str, Any]:
        """Return the body of the HTTP response."""
        body: dict[str, Any] = {"message": self.message, "code": self.code}
        return body | {"errors": self.errors} if self.errors else body


class HumanError(SandboxError):
    """What a person could not have done in Discord's own client.

    Args:
        code: one of the codes of `docs/sandbox.md`.
        message: a sentence about it.
        status: the HTTP status.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        self.code, self.message, self.status = code, message, status
        super().__init__(f"{code}: {message}")

    def payload(self) -> dict[str, Any]:
        """Return the body of the HTTP response."""
        return {"error": {"code": self.code, "message": self.message}}
