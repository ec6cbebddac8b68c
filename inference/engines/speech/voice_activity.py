"""Where in a clip somebody speaks, by Silero's small model; it ships inside faster-whisper and runs on the CPU."""

from faster_whisper.vad import VadOptions, get_speech_timestamps

from inference.audio import SAMPLE_RATE, Sound
from inference.engines.speech.guards import Span

SPEECH_MIN_S = 0.2  # less is a click, a cough or a chord
_OPTIONS = VadOptions(threshold=0.5, min_speech_duration_ms=96, min_silence_duration_ms=400, speech_pad_ms=100)


def speech_spans(sound: Sound) -> tuple[Span, ...]:
    """Find the stretches of speech.

    Returns:
        (start, end) in seconds, in order; empty where nobody says anything.
    """
    stretches = get_speech_timestamps(sound, _OPTIONS)
    spans = tuple((found["start"] / SAMPLE_RATE, found["end"] / SAMPLE_RATE) for found in stretches)
    return spans if sum(end - start for start, end in spans) >= SPEECH_MIN_S else ()
