"""What a message may be: its text, embeds, files and flags.

https://discord.com/developers/docs/resources/message#create-message
"""

from typing import Any

from bot.sandbox.errors import ApiError
from bot.sandbox.limits.components import check_components
from bot.sandbox.limits.form import Form, Path
from bot.sandbox.messages import Flag

Json = dict[str, Any]

MOST_CONTENT = 2000
MOST_FILES = 10
MOST_EMBEDS = 10
MOST_EMBED_TEXT = 6000
MOST_DESCRIPTION = 1024


def check_message(body: Json, *, flags: int, file_sizes: list[int], upload_limit_bytes: int) -> None:
    """Examine the body of a create or edit; raise ApiError if Discord would refuse it.

    Parameters: flags: the flags that the message will have. file_sizes: bytes of each new file.
    """
    if any(size > upload_limit_bytes for size in file_sizes):
        raise ApiError("too_large")
    form = Form()
    v2 = bool(flags & Flag.COMPONENTS_V2)
    form.length(("content",), body.get("content"), 0, MOST_CONTENT)
    form.length(("nonce",), body.get("nonce"), 0, 25)
    if v2:
        for name in ("content", "embeds", "poll", "sticker_ids"):
            if body.get(name):
                form.fail(
                    (name,),
                    "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                    f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
                )
    check_components(form, body.get("components") or [], v2=v2)
    _check_embeds(form, body.get("embeds") or [])
    listed = body.get("attachments") or []
    kept = sum(1 for item in listed if int(item.get("id", 0)) >= MOST_FILES)
    form.count(("attachments",), [None] * max(len(listed), kept + len(file_sizes)), 0, MOST_FILES)
    for index, item in enumerate(listed):
        form.length(("attachments", index, "description"), item.get("description"), 0, MOST_DESCRIPTION)
    _check_allowed_mentions(form, body.get("allowed_mentions"))
    form.check()


def _check_embeds(form: Form, embeds: list[Json]) -> None:
    form.count(("embeds",), embeds, 0, MOST_EMBEDS)
    if sum(map(_embed_text, embeds)) > MOST_EMBED_TEXT:
        form.fail(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {MOST_EMBED_TEXT}")
    for index, embed in enumerate(embeds):
        at: Path = ("embeds", index)
        form.length((*at, "title"), embed.get("title"), 0, 256)
        form.length((*at, "description"), embed.get("description"), 0, 4096)
        form.length((*at, "footer", "text"), (embed.get("footer") or {}).get("text"), 0, 2048)
        form.length((*at, "author", "name"), (embed.get("author") or {}).get("name"), 0, 256)
        form.count((*at, "fields"), embed.get("fields") or [], 0, 25)
        for number, field in enumerate(embed.get("fields") or []):
            form.length((*at, "fields", number, "name"), field.get("name"), 1, 256)
            form.length((*at, "fields", number, "value"), field.get("value"), 1, 1024)


def _embed_text(embed: Json) -> int:
    texts = [embed.get("title"), embed.get("description")]
    texts += [(embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
    texts += [text for field in embed.get("fields") or [] for text in (field.get("name"), field.get("value"))]
    return sum(len(text or "") for text in texts)


def _check_allowed_mentions(form: Form, allowed: Any) -> None:
    if not isinstance(allowed, dict):
        return
    for name in ("users", "roles"):
        if allowed.get(name) and name in (allowed.get("parse") or ()):
            form.fail(
                ("allowed_mentions",),
                "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                f'parse:["{name}"] and {name}: [ids...] are mutually exclusive.',
            )
        form.count(("allowed_mentions", name), allowed.get(name) or [], 0, 100)
