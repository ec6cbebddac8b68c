"""`attachment://name` in components and embeds: checked before a message is taken, resolved to addresses after."""

from dataclasses import replace
from typing import Any

from bot.sandbox.files import Files, StoredFile, Upload, clean_filename
from bot.sandbox.limits.components import FILE, media_of, walk
from bot.sandbox.limits.form import Form
from bot.sandbox.messages import Message

Json = dict[str, Any]
Uploads = dict[int, Upload]

SCHEME = "attachment://"


def described(body: Json, uploads: Uploads) -> Uploads:
    """Return new files with the names and descriptions that the body's `attachments` give them."""
    told = {str(item.get("id")): item for item in body.get("attachments") or []}
    names = ("filename", "description", "duration_secs", "waveform")
    changes = {i: {n: v for n in names if (v := told.get(str(i), {}).get(n)) is not None} for i in uploads}
    return {index: replace(upload, **changes[index]) for index, upload in uploads.items()}


def check_references(components: list[Json], filenames: set[str]) -> None:
    """Raise ApiError if a component shows a file that the message does not have."""
    form = Form()
    for component, path in walk(components):
        for media in media_of(component):
            url = str(media.get("url"))
            if url.startswith(SCHEME) and clean_filename(url.removeprefix(SCHEME)) not in filenames:
                code = "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND"
                form.fail(path, code, "The referenced attachment was not found")
    form.check()


def resolve(message: Message, files: Files) -> None:
    """Point a message's components and embeds at its files, and give every component an id, as Discord does."""
    by_name = {stored.filename: stored for stored in message.files}
    taken = {component["id"] for component, _ in walk(message.components) if component.get("id")}
    free = (number for number in range(1, 10_000) if number not in taken)
    for component, _ in walk(message.components):
        component["id"] = component.get("id") or next(free)
        for media in media_of(component):
            stored = _resolve_one(media, by_name, files)
            if stored and component["type"] == FILE:
                component["name"], component["size"] = stored.filename, len(stored.content)
    for embed in message.embeds:
        embed.setdefault("type", "rich")
        for name in ("image", "thumbnail"):
            if isinstance(embed.get(name), dict):
                _resolve_one(embed[name], by_name, files)


def _resolve_one(media: Json, by_name: dict[str, StoredFile], files: Files) -> StoredFile | None:
    url = str(media.get("url"))
    name = clean_filename(url.removeprefix(SCHEME))
    stored = by_name.get(name) if url.startswith(SCHEME) else files.named_by(url)
    if stored is None:
        media.setdefault("proxy_url", url)
        return None
    width, height = stored.size_px or (None, None)
    media |= {"attachment_id": stored.id, "url": files.sign(stored), "content_type": stored.content_type}
    media |= {"width": width, "height": height, "loading_state": 2, "flags": 0, "proxy_url": files.sign(stored)}
    return stored
