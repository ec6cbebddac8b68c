"""The program that decodes: whole files in on stdin, what is in them out on stdout. `process` starts it.

It knows no secret and is locked down (`lockdown`) before it reads the first byte of a file. First it writes one line:
what could not be locked. Then, for each request (12 bytes with the sizes, options as JSON, the file), one reply: a line
of JSON with the sizes of its parts, then the parts.
"""

import importlib
import json
import struct
import sys
from typing import Any, BinaryIO, Protocol

from inference.decoders.refused import FileRefused

REQUEST = struct.Struct(">QI")  # bytes of the file, bytes of the options


class Decoder(Protocol):
    """What `sounds`, `photos` and `pictures` are."""

    def warm_up(self) -> None:
        """Load everything that is loaded at first use."""

    def answer(self, content: bytes, options: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
        """Decode a file.

        Raises:
            FileRefused: why it cannot be decoded.
        """


def main() -> None:
    """Answer requests until stdin ends. The command line: what to decode, bytes of memory, seconds of computing."""
    from inference.decoders.lockdown import lock_down  # only here: the side that asks needs none of it

    kind, memory_bytes, cpu_s = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    decoder: Any = importlib.import_module(f"inference.decoders.{kind}")
    decoder.warm_up()
    _write(sys.stdout.buffer, {"missing": lock_down(memory_bytes, cpu_s)}, [])
    serve(decoder, sys.stdin.buffer, sys.stdout.buffer)


def serve(decoder: Decoder, requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer requests until there are no more."""
    while len(head := requests.read(REQUEST.size)) == REQUEST.size:
        _write(replies, *_answer(decoder, requests, *REQUEST.unpack(head)))  # nothing of it is kept until the next


def _answer(decoder: Decoder, requests: BinaryIO, size: int, options_size: int) -> tuple[dict[str, Any], list[Any]]:
    try:
        options = json.loads(requests.read(options_size))
        return decoder.answer(requests.read(size), options)
    except FileRefused as refused:
        return {"refused": str(refused)}, []
    except MemoryError:
        return {"refused": "memory"}, []
    except Exception:  # whatever a file made of a library; the process is replaced
        return {"refused": "damaged"}, []


def _write(replies: BinaryIO, reply: dict[str, Any], parts: list[Any]) -> None:
    replies.write(json.dumps(reply | {"parts": [memoryview(part).nbytes for part in parts]}).encode() + b"\n")
    for part in parts:
        replies.write(part)
    replies.flush()


if __name__ == "__main__":
    main()
