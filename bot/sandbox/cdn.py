"""Discord's CDN: files, at addresses that are signed and expire."""

import re
import struct
import zlib

from aiohttp import web

from bot.sandbox.state.attachments import AttachmentStore

# Shown by a browser as what they are; all else is a download, so that no uploaded page can run scripts here.
_INLINE = re.compile(r"image/(png|jpeg|gif|webp)|audio/[\w.+-]+|video/[\w.+-]+|text/plain")
_PALETTE = ((88, 101, 242), (116, 127, 141), (67, 181, 129), (250, 166, 26), (240, 71, 71), (235, 69, 158))


class Cdn:
    """Serves `/attachments/…`, `/media/attachments/…` and the default avatars."""

    def __init__(self, attachments: AttachmentStore) -> None:
        self._attachments = attachments

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to add to the server."""
        return [
            web.get("/attachments/{channel_id}/{file_id}/{filename}", self.attachment),
            web.get("/media/attachments/{channel_id}/{file_id}/{filename}", self.attachment),
            web.get("/embed/avatars/{index}.png", self.default_avatar),
        ]

    async def attachment(self, request: web.Request) -> web.Response:
        """Answer with a file, or with a range of it."""
        file = self._attachments.open(request.match_info["file_id"], request.query)
        if file is None:
            return web.Response(status=404, text="This content is no longer available.")
        headers = {
            "X-Content-Type-Options": "nosniff",
            "Accept-Ranges": "bytes",
            "Cache-Control": "private, max-age=3600",
        }
        if _INLINE.fullmatch(file.content_type):
            headers["Content-Type"] = file.content_type
        else:
            headers["Content-Type"] = "application/octet-stream"
            headers["Content-Disposition"] = f'attachment; filename="{file.filename}"'
        return _range_response(request, file.content, headers)

    async def default_avatar(self, request: web.Request) -> web.Response:
        """Answer with a small picture of one colour."""
        index = request.match_info["index"]
        colour = _PALETTE[int(index) % len(_PALETTE)] if index.isdigit() else _PALETTE[0]
        return web.Response(body=_plain_png(colour, 64), content_type="image/png")


def _range_response(request: web.Request, content: bytes, headers: dict[str, str]) -> web.Response:
    try:
        wanted = request.http_range
    except ValueError:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{len(content)}"})
    if wanted.start is None and wanted.stop is None:
        return web.Response(body=content, headers=headers)
    start, stop, _ = wanted.indices(len(content))
    if start >= stop:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{len(content)}"})
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(content)}"
    return web.Response(status=206, body=content[start:stop], headers=headers)


def _plain_png(colour: tuple[int, int, int], side_px: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + bytes(colour) * side_px) * side_px
    header = struct.pack(">IIBBBBB", side_px, side_px, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
