"""A model hub on loopback, in the real one's layout: what its client asks for, and ways to break."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"
_INFO = re.compile(r"/api/models/(?P<source>[^/]+/[^/]+)(?:/revision/(?P<revision>[^/]+))?")
_TREE = re.compile(r"/api/models/(?P<source>[^/]+/[^/]+)/tree/(?P<revision>[^/]+)")
_FILE = re.compile(r"/(?P<source>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<name>.+)")


@dataclass(slots=True)
class FakeHub:
    """Repositories by their names, and what goes wrong with them."""

    url: str = ""
    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)  # source → file → content
    cards: dict[str, dict[str, Any]] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    cut_after_bytes: int | None = None  # of weights: then the connection ends, and no other one brings any
    short_by: int = 0  # bytes that weights lack, as they are sent
    ranges: list[str] = field(default_factory=list)  # what requests for weights began at
    sent_bytes: int = 0  # of weights

    def add_folder(self, source: str, folder: Path, **card: Any) -> None:
        """Publish a folder."""
        files = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
        self.repositories[source], self.cards[source] = files, card


@contextmanager
def run_hub() -> Iterator[FakeHub]:
    """Serve a hub while the context lasts."""
    hub = FakeHub()
    handler = type("Handler", (_Handler,), {"hub": hub})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        hub.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        """Answer without a body."""
        self.do_GET()

    def do_GET(self) -> None:
        """Answer as the hub does."""
        path = self.path.partition("?")[0]
        match = _TREE.fullmatch(path) or _INFO.fullmatch(path) or _FILE.fullmatch(path)
        if match is None or match["source"] not in self.hub.repositories:
            self._refuse(404, "RepoNotFound")
        elif match["revision"] not in (None, "main", COMMIT):
            self._refuse(404, "RevisionNotFound")
        elif match.re is _FILE:
            self._file(match["source"], match["name"])
        else:
            self._json(self._tree(match["source"]) if match.re is _TREE else self._info(match["source"]))

    def _info(self, source: str) -> dict[str, Any]:
        files = [{"rfilename": one["path"], "size": one["size"], "blobId": one["oid"]} for one in self._tree(source)]
        card = self.hub.cards[source]
        return {"id": source, "sha": COMMIT, "siblings": files, "cardData": card, "tags": [], "private": False}

    def _tree(self, source: str) -> list[dict[str, Any]]:
        return [
            {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}  # noqa: S324
            for name, content in self.hub.repositories[source].items()
        ]

    def _file(self, source: str, name: str) -> None:
        content = self.hub.repositories[source].get(name)
        if source in self.hub.gated:
            self._refuse(401, "GatedRepo")
        elif content is None:
            self._refuse(404, "EntryNotFound")
        else:
            self._send(name, content)

    def _send(self, name: str, content: bytes) -> None:
        weights, reading = name.endswith(".safetensors"), self.command == "GET"
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked else 0
        body = content[start : len(content) - self.hub.short_by if weights and reading else None]
        cut = self.hub.cut_after_bytes if weights and reading else None
        if weights and reading:
            self.hub.ranges.append(self.headers.get("Range", ""))
            if cut is not None and self.hub.sent_bytes >= cut:
                self.close_connection = True
                return  # without an answer
        self.send_response(206 if asked else 200)
        self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')  # noqa: S324
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Accept-Ranges", "bytes")
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if reading:
            part = body if cut is None else body[: cut - self.hub.sent_bytes]
            self.hub.sent_bytes += len(part) if weights else 0
            self.wfile.write(part)
            self.close_connection = len(part) < len(body)

    def _json(self, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def _refuse(self, status: int, code: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("X-Error-Message", code)
        self.send_header("Content-Length", "0")
        self.end_headers()
