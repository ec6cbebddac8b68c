"""The limits of a message: its content, embeds, files and allowed mentions.

https://discord.com/developers/docs/resources/message#create-message
"""

from typing import Any

from bot.sandbox.errors import ApiError
from bot.sandbox.limits.body_errors import BodyErrors, Path
from bot.sandbox.limits.components import check_components
from bot.sandbox.state.messages import MessageFlag

Json = dict[str, Any]

MAX_CONTENT_LENGTH = 2000
MAX_FILES = 10
MAX_EMBEDS = 10
MAX_EMBED_LENGTH = 6000
MAX_DESCRIPTION_LENGTH = 1024


def check_message(body: Json, *, flags: int, file_sizes: list[int], upload_limit_bytes: int) -> None:
    """Check the body of a request that creates or edits a message.

    Args:
        body: the body; in an edit, together with what stays.
        flags: the flags that the message will have.
        file_sizes: the size of each new file, in bytes.
        upload_limit_bytes: how large one file may be.

    Raises:
        ApiError: if Discord would refuse it (50035, or 40005 for a file).
    """
    if any(size > upload_limit_bytes for size in file_sizes):
        raise ApiError("too_large")
    errors = BodyErrors()
    v2 = bool(flags & MessageFlag.IS_COMPONENTS_V2)
    errors.check_length(("content",), body.get("content"), 0, MAX_CONTENT_LENGTH)
    errors.check_length(("nonce",), body.get("nonce"), 0, 25)
    if v2:
        for name in ("content", "embeds", "poll", "sticker_ids"):
            if body.get(name):
                errors.add(
                    (name,),
                    "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                    f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
                )
    check_components(errors, body.get("components") or [], v2=v2)
    _check_embeds(errors, body.get("embeds") or [])
    listed = body.get("attachments") or []
    kept = sum(1 for item in listed if int(item.get("id", 0)) >= MAX_FILES)
    errors.check_count(("attachments",), [None] * max(len(listed), kept + len(file_sizes)), 0, MAX_FILES)
    for index, item in enumerate(listed):
        errors.check_length(("attachments", index, "description"), item.get("description"), 0, MAX_DESCRIPTION_LENGTH)
    _check_allowed_mentions(errors, body.get("allowed_mentions"))
    errors.raise_if_any()


def _check_embeds(errors: BodyErrors, embeds: list[Json]) -> None:
    errors.check_count(("embeds",), embeds, 0, MAX_EMBEDS)
    if sum(map(_embed_length, embeds)) > MAX_EMBED_LENGTH:
        errors.add(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {MAX_EMBED_LENGTH}")
    for index, embed in enumerate(embeds):
        at: Path = ("embeds", index)
        errors.check_length((*at, "title"), embed.get("title"), 0, 256)
        errors.check_length((*at, "description"), embed.get("description"), 0, 4096)
        errors.check_length((*at, "footer", "text"), (embed.get("footer") or {}).get("text"), 0, 2048)
        errors.check_length((*at, "author", "name"), (embed.get("author") or {}).get("name"), 0, 256)
        errors.check_count((*at, "fields"), embed.get("fields") or [], 0, 25)
        for number, field in enumerate(embed.get("fields") or []):
            errors.check_length((*at, "fields", number, "name"), field.get("name"), 1, 256)
            errors.check_length((*at, "fields", number, "value"), field.get("value"), 1, 1024)


def _embed_length(embed: Json) -> int:
    texts = [embed.get("title"), embed.get("description")]
    texts += [(embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
    texts += [text for field in embed.get("fields") or [] for text in (field.get("name"), field.get("value"))]
    return sum(len(text or "") for text in texts)


def _check_allowed_mentions(errors: BodyErrors, allowed: Any) -> None:
    if not isinstance(allowed, dict):
        return
    for name in ("users", "roles"):
        if allowed.get(name) and name in (allowed.get("parse") or ()):
            errors.add(
                ("allowed_mentions",),
                "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                f'parse:["{name}"] and {name}: [ids...] are mutually exclusive.',
            )
        errors.check_count(("allowed_mentions", name), allowed.get(name) or [], 0, 100)
