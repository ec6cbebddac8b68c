"""Request bodies: JSON, or multipart with `payload_json` and `files[n]`."""

import json
import re
from typing import Any

from aiohttp import BodyPartReader, web

from bot.sandbox.errors import ApiError
from bot.sandbox.limits.body_errors import BodyErrors
from bot.sandbox.state.attachments import Upload

Json = dict[str, Any]

MAX_REQUEST_BYTES = 110 * 1024 * 1024
_LISTS = ("components", "embeds", "attachments")


async def read_body(request: web.Request) -> tuple[Json, dict[int, Upload]]:
    """Return the JSON object of a request, and its files by index.

    Raises:
        ApiError: if the body cannot be read.
    """
    if request.content_type.startswith("multipart/"):
        parts = await read_parts(request)
        text = parts.pop("payload_json", None)
        body = _parse(text.content if text else b"{}")
        return body, {int(m[1]): part for name, part in parts.items() if (m := re.fullmatch(r"files\[(\d+)\]", name))}
    return _parse(await request.read() or b"{}"), {}


async def read_list(request: web.Request) -> list[Json]:
    """Return the JSON of a request that is a list of objects.

    Raises:
        ApiError: if the body cannot be read.
    """
    try:
        body = json.loads(await request.read())
    except ValueError:
        raise ApiError("bad_json") from None
    if not isinstance(body, list) or not all(isinstance(item, dict) for item in body):
        raise ApiError("bad_json")
    return body


async def read_parts(request: web.Request) -> dict[str, Upload]:
    """Return the parts of a multipart body, by name.

    Raises:
        ApiError: if they are too large together (40005).
    """
    parts: dict[str, Upload] = {}
    read_bytes = 0
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        content = bytearray()
        while chunk := await part.read_chunk(1 << 16):
            content += chunk
            read_bytes += len(chunk)
            if read_bytes > MAX_REQUEST_BYTES:
                raise ApiError("too_large")
        declared = part.headers.get("Content-Type")
        parts[part.name or ""] = Upload(filename=part.filename or "", content=bytes(content), content_type=declared)
    return parts


def _parse(raw: bytes) -> Json:
    try:
        body = json.loads(raw)
    except ValueError:
        raise ApiError("bad_json") from None
    if not isinstance(body, dict):
        raise ApiError("bad_json")
    _check_shape(body)
    _check_shape(body.get("data") or {})
    return body


def _check_shape(body: Any) -> None:
    """Refuse lists that are not lists of objects, so that nobody has to check that again."""
    if not isinstance(body, dict):
        raise ApiError("bad_json")
    errors = BodyErrors()
    for name in _LISTS:
        items = body.get(name)
        if items is not None and not (isinstance(items, list) and all(isinstance(item, dict) for item in items)):
            errors.add((name,), "LIST_TYPE_CONVERT", "Only a list of objects is allowed.")
    errors.raise_if_any()
