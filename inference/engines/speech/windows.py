"""From the tokens of a window to segments, and to where the next window starts. Pure; after whisper's `transcribe`."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from inference.engines.speech.backends.backend import FRAMES_PER_SECOND, FRAMES_PER_TIMESTAMP, DecodedWindow

COMPRESSION_MAX = 2.4  # above: the text repeats itself; whisper's defaults, as all below
LOGPROB_MIN = -1.0  # below: the model does not believe it
NO_SPEECH_MAX = 0.6
TIMESTAMP_S = FRAMES_PER_TIMESTAMP / FRAMES_PER_SECOND


@dataclass(frozen=True, slots=True)
class WindowSegment:
    """One segment of a window: seconds from the clip's start, and its tokens, timestamps included."""

    start_s: float
    end_s: float
    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WindowSplit:
    """What a window amounts to."""

    segments: tuple[WindowSegment, ...]
    frames: int  # how far the next window starts behind this one
    ended: bool  # the window ends in silence after its last timestamp


def compression_ratio(text: str) -> float:
    """Return how much smaller `text` gets when it is compressed: repetition makes it large."""
    content = text.encode()
    return len(content) / len(zlib.compress(content))


def is_silent(decoded: DecodedWindow) -> bool:
    """Return whether the model itself says that nobody speaks in the window."""
    return decoded.no_speech > NO_SPEECH_MAX and decoded.mean_logprob <= LOGPROB_MIN


def needs_retry(decoded: DecodedWindow, text: str) -> bool:
    """Return whether the window should be decoded again, in another way."""
    if decoded.no_speech > NO_SPEECH_MAX and decoded.mean_logprob < LOGPROB_MIN:
        return False  # silence: trying again would invent something
    return compression_ratio(text) > COMPRESSION_MAX or decoded.mean_logprob < LOGPROB_MIN


def split_window(tokens: Sequence[int], *, timestamp_begin: int, seek: int, frames: int) -> WindowSplit:
    """Cut a window's tokens at its timestamps.

    Args:
        tokens: text and timestamp tokens of the window.
        timestamp_begin: the token for 0.00 s.
        seek: the window's first frame in the clip.
        frames: how many frames of the clip are in the window.
    """
    is_time = [token >= timestamp_begin for token in tokens]
    ended = is_time[-2:] == [False, True]
    ends = [index + 1 for index, both in enumerate(pairwise(is_time)) if all(both)]
    offset_s = seek / FRAMES_PER_SECOND
    if not ends:
        last = max((token - timestamp_begin for token, time in zip(tokens, is_time, strict=True) if time), default=0)
        duration_s = last * TIMESTAMP_S or frames / FRAMES_PER_SECOND
        return WindowSplit((WindowSegment(offset_s, offset_s + duration_s, tuple(tokens)),), frames, ended)
    if ended:
        ends.append(len(tokens))
    segments = []
    for begin, end in zip([0, *ends], ends, strict=False):
        first, last = (tokens[at] - timestamp_begin for at in (begin, end - 1))
        segments.append(
            WindowSegment(offset_s + first * TIMESTAMP_S, offset_s + last * TIMESTAMP_S, tuple(tokens[begin:end]))
        )
    advanced = frames if ended else (tokens[ends[-1] - 1] - timestamp_begin) * FRAMES_PER_TIMESTAMP
    return WindowSplit(tuple(segments), advanced or frames, ended)
