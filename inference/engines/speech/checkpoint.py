"""A clip between two windows, as bytes: a safetensors file with the tokens, and the rest as JSON in its header."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from safetensors import numpy as safetensors

from inference.transcript import Segment


def pack(state: Mapping[str, Any], tokens: Sequence[int]) -> bytes:
    """Return JSON-ready state and tokens as one file."""
    return safetensors.save({"tokens": np.array(tokens, dtype=np.int64)}, {"clip": json.dumps(state)})


def unpack(saved: bytes) -> tuple[dict[str, Any], list[int]]:
    """Return what `pack` was given.

    Raises:
        SafetensorError, KeyError, ValueError: it is something else.
    """
    tokens = [int(token) for token in safetensors.load(saved)["tokens"]]
    size = int.from_bytes(saved[:8], "little")  # the library reads metadata from files on disk only
    state: dict[str, Any] = json.loads(json.loads(saved[8 : 8 + size])["__metadata__"]["clip"])
    return state, tokens


def exact_json(segment: Segment) -> dict[str, Any]:
    """As `Segment.to_json`, but unrounded and with the text's leading space, so that a restored clip ends the same."""
    words = [{"start": w.start_s, "end": w.end_s, "text": w.text, "p": w.probability} for w in segment.words]
    return {"start": segment.start_s, "end": segment.end_s, "text": segment.text, "words": words}
