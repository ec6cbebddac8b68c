"""`attachment://name` in components and embeds: checked before a message is taken, resolved to addresses after."""

from dataclasses import replace
from typing import Any

from bot.sandbox.limits.body_errors import BodyErrors
from bot.sandbox.limits.components import media_items, walk
from bot.sandbox.state.attachments import Attachment, AttachmentStore, Upload, clean_filename
from bot.sandbox.state.enums import ComponentType
from bot.sandbox.state.messages import Message

Json = dict[str, Any]
Uploads = dict[int, Upload]

SCHEME = "attachment://"


def with_metadata(uploads: Uploads, body: Json) -> Uploads:
    """Return new files with the names and descriptions that the body's `attachments` give them."""
    described = {str(item.get("id")): item for item in body.get("attachments") or []}
    names = ("filename", "description", "duration_secs", "waveform")
    changes = {i: {n: v for n in names if (v := described.get(str(i), {}).get(n)) is not None} for i in uploads}
    return {index: replace(upload, **changes[index]) for index, upload in uploads.items()}


def check_references(components: list[Json], filenames: set[str]) -> None:
    """Check that a message has every file that its components show.

    Raises:
        ApiError: if one is missing (50035).
    """
    errors = BodyErrors()
    for component, path in walk(components):
        for media in media_items(component):
            url = str(media.get("url"))
            if url.startswith(SCHEME) and clean_filename(url.removeprefix(SCHEME)) not in filenames:
                code = "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND"
                errors.add(path, code, "The referenced attachment was not found")
    errors.raise_if_any()


def resolve_media(message: Message, attachments: AttachmentStore) -> None:
    """Point a message's components and embeds at its files, and give every component an id, as Discord does."""
    by_name = {attachment.filename: attachment for attachment in message.attachments}
    taken = {component["id"] for component, _ in walk(message.components) if component.get("id")}
    free = (number for number in range(1, 10_000) if number not in taken)
    for component, _ in walk(message.components):
        component["id"] = component.get("id") or next(free)
        for media in media_items(component):
            shown = _resolve_one(media, by_name, attachments)
            if shown and component["type"] == ComponentType.FILE:
                component["name"], component["size"] = shown.filename, len(shown.content)
    for embed in message.embeds:
        embed.setdefault("type", "rich")
        for name in ("image", "thumbnail"):
            if isinstance(embed.get(name), dict):
                _resolve_one(embed[name], by_name, attachments)


def _resolve_one(media: Json, by_name: dict[str, Attachment], attachments: AttachmentStore) -> Attachment | None:
    url = str(media.get("url"))
    name = clean_filename(url.removeprefix(SCHEME))
    shown = by_name.get(name) if url.startswith(SCHEME) else attachments.find_by_url(url)
    if shown is None:
        media.setdefault("proxy_url", url)
        return None
    width, height = shown.size_px or (None, None)
    signed_url = attachments.signed_url(shown)
    media |= {"attachment_id": shown.id, "url": signed_url, "content_type": shown.content_type}
    media |= {"width": width, "height": height, "loading_state": 2, "flags": 0, "proxy_url": signed_url}
    return shown
