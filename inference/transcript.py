"""The text of a clip with its times, and the files made of it. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Word:
    """One word as it was recognised. Its text keeps the space before it."""

    text: str
    start_s: float
    end_s: float
    probability: float


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of speech, about a sentence."""

    start_s: float
    end_s: float
    text: str
    words: tuple[Word, ...] = ()  # only where they were asked for

    def to_json(self) -> dict[str, Any]:
        """Return JSON-ready data: `start`, `end` (seconds), `text`, and `words` where there are some."""
        data: dict[str, Any] = {"start": round(self.start_s, 2), "end": round(self.end_s, 2), "text": self.text.strip()}
        if self.words:
            data["words"] = [
                {"start": round(w.start_s, 2), "end": round(w.end_s, 2), "text": w.text, "p": round(w.probability, 3)}
                for w in self.words
            ]
        return data


def segment_from_json(data: dict[str, Any]) -> Segment:
    """Rebuild the segment that `Segment.to_json` wrote.

    Raises:
        KeyError, TypeError: the data is not a segment.
    """
    words = tuple(Word(w["text"], w["start"], w["end"], w["p"]) for w in data.get("words", ()))
    return Segment(data["start"], data["end"], data["text"], words)


def to_txt(segments: Iterable[Segment]) -> str:
    """Return the text alone, a line a segment."""
    return "".join(f"{one_line(segment.text)}\n" for segment in segments)


def to_srt(segments: Sequence[Segment]) -> str:
    """Return SubRip subtitles."""
    cues = (
        f"{number}\n{timestamp(segment.start_s, ',')} --> {timestamp(segment.end_s, ',')}\n{_cue(segment.text)}\n\n"
        for number, segment in enumerate(segments, start=1)
    )
    return "".join(cues)


def to_vtt(segments: Sequence[Segment]) -> str:
    """Return WebVTT subtitles."""
    cues = (
        f"{timestamp(segment.start_s, '.')} --> {timestamp(segment.end_s, '.')}\n{_escape(_cue(segment.text))}\n\n"
        for segment in segments
    )
    return "WEBVTT\n\n" + "".join(cues)


def timestamp(seconds: float, decimal: str) -> str:
    """Return seconds as `HH:MM:SS,mmm`, with `decimal` before the milliseconds."""
    milliseconds = max(0, math.floor(seconds * 1000 + 0.5))
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}{decimal}{rest % 1000:03d}"


def one_line(text: str) -> str:
    """Return the text with every run of white space as one space."""
    return " ".join(text.split())


def _cue(text: str) -> str:
    """Return a cue's text on one line (an empty line would end it), and without the arrow that opens a cue's times."""
    return one_line(text).replace("-->", "→")


def _escape(text: str) -> str:
    """Escape what WebVTT would read as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
