"""No invented text: Whisper writes "Thank you for watching" into silence, so text has to fit what is there. Pure."""

from collections.abc import Sequence

Span = tuple[float, float]  # seconds: somebody speaks from … to

CHARACTERS_PER_S_MAX = 45.0  # the fastest talkers stay below 30 in any script
SLACK_S = 0.5  # timestamps and voice activity disagree by about this


def overlap_s(start_s: float, end_s: float, spans: Sequence[Span]) -> float:
    """Return for how many seconds between start and end somebody speaks."""
    return sum(max(0.0, min(end_s, span_end) - max(start_s, span_start)) for span_start, span_end in spans)


def is_credible(start_s: float, end_s: float, text: str, spans: Sequence[Span]) -> bool:
    """Return whether somebody spoke there, and for long enough to say that much.

    Args:
        start_s: when the text is said to have begun.
        end_s: when it is said to have ended.
        text: without white space around it.
        spans: where somebody speaks.
    """
    spoken_s = overlap_s(start_s - SLACK_S, end_s + SLACK_S, spans)
    return spoken_s > 0 and len(text) <= CHARACTERS_PER_S_MAX * (spoken_s + SLACK_S)
