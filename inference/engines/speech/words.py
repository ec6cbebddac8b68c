"""When each word was spoken. Pure; after `whisper.timing.add_word_timestamps`, which this is measured against."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from whisper.timing import WordTiming, merge_punctuations
from whisper.tokenizer import Tokenizer

from inference.engines.speech.backends.backend import FRAMES_PER_SECOND, Alignment
from inference.engines.speech.windows import TIMESTAMP_S, WindowSegment
from inference.transcript import Word

_PREPENDED = "\"'“¿([{-"
_APPENDED = "\"'.。,，!！?？:：”)]}、"
_SENTENCE_ENDS = ".。!！?？"
_WORD_MAX_S = 0.7  # a word longer than twice the usual is one with a pause in it; the usual is never taken for longer


@dataclass(frozen=True, slots=True)
class TimedSegment:
    """A segment with its words, and its ends moved to theirs."""

    segment: WindowSegment
    words: tuple[Word, ...]


def time_words(
    segments: Sequence[WindowSegment], alignment: Alignment, tokenizer: Tokenizer, *, seek: int, last_speech_s: float
) -> list[TimedSegment]:
    """Share the aligned words out to the segments of one window.

    Args:
        segments: all segments of the window.
        alignment: of all their text tokens in a row.
        tokenizer: of the window's language and task.
        seek: the window's first frame in the clip.
        last_speech_s: when the last word before this window ended.
    """
    text_tokens = [[token for token in segment.tokens if token < tokenizer.eot] for segment in segments]
    timings = _timings(alignment, tokenizer, [token for tokens in text_tokens for token in tokens])
    usual_s = _usual_s(timings)
    _cut_pauses(timings, 2 * usual_s)
    merge_punctuations(timings, _PREPENDED, _APPENDED)
    offset_s, at = seek / FRAMES_PER_SECOND, 0
    result = []
    for segment, tokens in zip(segments, text_tokens, strict=True):
        mine, seen = [], 0
        while at < len(timings) and seen < len(tokens):
            seen += len(timings[at].tokens)
            if timings[at].word:
                mine.append(timings[at])
            at += 1
        if mine:
            segment = _fit(segment, mine, offset_s, usual_s, last_speech_s)
            last_speech_s = segment.end_s
        words = (Word(t.word, offset_s + t.start, offset_s + t.end, float(t.probability)) for t in mine)
        result.append(TimedSegment(segment, tuple(words)))
    return result


def _timings(alignment: Alignment, tokenizer: Tokenizer, text_tokens: list[int]) -> list[WordTiming]:
    words, tokens = tokenizer.split_to_word_tokens([*text_tokens, tokenizer.eot])
    if len(tokens) <= 1:
        return []
    bounds = np.pad(np.cumsum([len(of_word) for of_word in tokens[:-1]]), (1, 0))
    jumps = np.pad(np.diff(alignment.token_steps), (1, 0), constant_values=1).astype(bool)
    times_s = alignment.frame_steps[jumps] * TIMESTAMP_S
    return [
        WordTiming(
            word,
            of_word,
            float(times_s[begin]),
            float(times_s[end]),
            float(np.mean(alignment.probabilities[begin:end])),
        )
        for word, of_word, begin, end in zip(words, tokens, bounds[:-1], bounds[1:], strict=False)
    ]


def _usual_s(timings: Sequence[WordTiming]) -> float:
    """Return how long a word usually takes here."""
    lengths_s = [timing.end - timing.start for timing in timings if timing.end != timing.start]
    return min(_WORD_MAX_S, float(np.median(lengths_s))) if lengths_s else 0.0


def _cut_pauses(timings: Sequence[WordTiming], longest_s: float) -> None:
    """Take the pause at a sentence's end out of the words around it."""
    for before, timing in pairwise(timings):
        if longest_s and timing.end - timing.start > longest_s:
            if timing.word in _SENTENCE_ENDS:
                timing.end = timing.start + longest_s
            elif before.word in _SENTENCE_ENDS:
                timing.start = timing.end - longest_s


def _fit(
    segment: WindowSegment, words: Sequence[WordTiming], offset_s: float, usual_s: float, last_speech_s: float
) -> WindowSegment:
    """Shorten the first and last word where a pause is in them, and move the segment's ends to its words'."""
    first, last = words[0], words[-1]
    second = words[1] if len(words) > 1 else None
    if offset_s + first.end - last_speech_s > 4 * usual_s and (
        first.end - first.start > 2 * usual_s or (second and second.end - first.start > 4 * usual_s)
    ):
        if second and second.end - second.start > 2 * usual_s:
            boundary = max((offset_s + second.end) / 2, offset_s + second.end - 2 * usual_s) - offset_s
            first.end = second.start = boundary
        first.start = max(-offset_s, first.end - 2 * usual_s)
    start_s, end_s = offset_s + first.start, offset_s + last.end
    if segment.start_s < offset_s + first.end and segment.start_s - 0.5 > start_s:
        start_s = max(0.0, min(offset_s + first.end - usual_s, segment.start_s))
        first.start = start_s - offset_s
        start_s = segment.start_s
    if segment.end_s > offset_s + last.start and segment.end_s + 0.5 < end_s:
        last.end = max(last.start + usual_s, segment.end_s - offset_s)
        end_s = segment.end_s
    return WindowSegment(start_s, end_s, segment.tokens)
