"""One clip on its way to text: where its next window starts, the text so far, and which text is credible."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from safetensors import SafetensorError
from whisper.tokenizer import Tokenizer

from inference.engines.speech.backends.backend import (
    FRAMES,
    FRAMES_PER_SECOND,
    Alignment,
    Attempts,
    DecodedWindow,
    Mel,
    Window,
)
from inference.engines.speech.checkpoint import exact_json, pack, unpack
from inference.engines.speech.hallucination import Span, is_credible
from inference.engines.speech.mel import mel_window
from inference.engines.speech.windows import (
    COMPRESSION_MAX,
    compression_ratio,
    is_silent,
    needs_retry,
    split_window,
)
from inference.engines.speech.words import TimedSegment, time_words
from inference.messages import Task
from inference.requests import TranscribeRequest
from inference.transcript import Segment, segment_from_json

SHORT_STEP_FRAMES = 500  # short windows come in few lengths, so that they can be batched
SHORT_MARGIN_FRAMES = 300  # silence behind the last word; with half of it the last words were recognised worse
_LEAD_FRAMES = 50  # kept of a silence that is skipped
_STEP_MIN_FRAMES = 50  # a window starts so far behind the last: odd sounds must not be decoded a thousand times over


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedAudio:
    """A clip's sound, ready for a model."""

    mel: Mel  # of the whole clip
    spans: tuple[Span, ...]  # where somebody speaks
    duration_s: float

    @property
    def frames(self) -> int:
        """Frames of the whole clip."""
        return int(self.mel.shape[1])


class WindowDecision(Enum):
    """What to do with a decoded window."""

    ACCEPT = auto()
    RETRY = auto()  # decode it again, as the backend does in its next attempt
    RETRY_WHOLE = auto()  # decode it again as a window of half a minute


class Clip:
    """The state of one clip. It is a task that was prepared; between two windows it can be saved and restored."""

    def __init__(
        self,
        task: Task,
        request: TranscribeRequest,
        prepared: PreparedAudio,
        *,
        attempts: Attempts,
        whole_windows: bool,
    ) -> None:
        """Start at the clip's beginning.

        Args:
            task: of the clip.
            request: the task's.
            prepared: its sound.
            attempts: how often the backend decodes a doubtful window.
            whole_windows: whether short clips are decoded as half a minute, too.
        """
        self.task = task
        self.request = request
        self.prepared = prepared
        self.language = request.language
        self.language_probability = 1.0
        self.segments: list[Segment] = []
        self._attempts = attempts
        self._whole_windows = whole_windows  # always, as the reference; else a short clip gets a short window first
        self._whole = whole_windows  # this window
        self._seek = 0  # frames
        self._tokens: list[int] = []  # of all text so far: the prompt of later windows
        self._prompt_since = 0
        self.attempt = 0  # at this window
        self._last_word_s = 0.0

    # -- where it stands ---------------------------------------------------------------------------------------------

    @property
    def windows(self) -> int:
        """How many half minutes the clip has: what its progress is counted in."""
        return max(1, -(-self.prepared.frames // FRAMES))

    @property
    def windows_done(self) -> int:
        """How many of them are behind it, rounded: a window ends where a sentence does, seldom at the half minute."""
        if self.ended:
            return self.windows
        return min(self.windows - 1, round(self._seek / FRAMES))

    @property
    def begun(self) -> bool:
        """Whether a window is behind it, so that there is something to save."""
        return self._seek > 0

    @property
    def ended(self) -> bool:
        """Whether nobody speaks any more from here on."""
        return self._next_speech() is None

    def _next_speech(self) -> int | None:
        """Return the first frame from the current one on that is speech."""
        seek_s = self._seek / FRAMES_PER_SECOND
        for start_s, end_s in self.prepared.spans:
            if end_s > seek_s + 0.1 and self._seek < self.prepared.frames:
                return max(self._seek, int(start_s * FRAMES_PER_SECOND))
        return None

    # -- its windows -------------------------------------------------------------------------------------------------

    def window(self) -> Window:
        """Return the window to be decoded next. A silence of more than a window is skipped."""
        speech = self._next_speech()
        assert speech is not None, "the clip has ended"
        if speech >= self._seek + FRAMES:
            self._seek = speech - _LEAD_FRAMES
        return Window(
            key=self.task.job_id,
            mel=self._window_mel(),
            language=self.language,
            translate=self.request.translate,
            prompt=tuple(self._tokens[self._prompt_since :]),
            attempt=self.attempt,
            seed=self.seed,
        )

    @property
    def seed(self) -> int:
        """The random seed of this attempt at this window: the same again after a crash."""
        return zlib.crc32(f"{self.task.job_id}/{self._seek}/{self.attempt}".encode())

    def _window_mel(self) -> Mel:
        frames = self._window_frames()
        # a whole window is filled up with zeros, as the reference does; a short one with silence, which works better
        fill = 0.0 if frames == FRAMES else float(self.prepared.mel.min())
        return mel_window(self.prepared.mel, self._seek, content=self.content_frames, frames=frames, fill=fill)

    @property
    def content_frames(self) -> int:
        """How many frames of the clip are in the window."""
        return min(FRAMES, self.prepared.frames - self._seek)

    def _window_frames(self) -> int:
        if self._whole:
            return FRAMES
        steps = -(-(self.content_frames + SHORT_MARGIN_FRAMES) // SHORT_STEP_FRAMES)
        return min(FRAMES, steps * SHORT_STEP_FRAMES)

    def decide(self, decoded: DecodedWindow, tokenizer: Tokenizer) -> WindowDecision:
        """Decide what to do with a decoded window, and prepare for it."""
        text = tokenizer.decode(list(decoded.tokens)).strip()
        if not needs_retry(decoded, text):
            return WindowDecision.ACCEPT
        if self._window_frames() < FRAMES:
            self._whole = True
            return WindowDecision.RETRY_WHOLE
        if self.attempt + 1 < self._attempts.count:
            self.attempt += 1
            return WindowDecision.RETRY
        return WindowDecision.ACCEPT

    def accept(self, decoded: DecodedWindow, tokenizer: Tokenizer, alignment: Alignment | None = None) -> None:
        """Keep what is credible of a decoded window, and go on behind it.

        Args:
            decoded: the window, as the backend reported it.
            tokenizer: of its language and task.
            alignment: of all text tokens of the window, where words are asked for.
        """
        self.language, self.language_probability = decoded.language, self._probability(decoded)
        attempt, content = self.attempt, self.content_frames
        begin = self._seek
        split = split_window(decoded.tokens, timestamp_begin=tokenizer.timestamp_begin, seek=begin, frames=content)
        self._move_on(content if is_silent(decoded) else split.frames, content)
        self.attempt, self._whole = 0, self._whole_windows
        repeats = compression_ratio(tokenizer.decode(list(decoded.tokens)).strip()) > COMPRESSION_MAX
        if is_silent(decoded) or repeats:  # still, at the last attempt
            return
        timed = [TimedSegment(segment, ()) for segment in split.segments]
        if alignment is not None:
            timed = time_words(split.segments, alignment, tokenizer, seek=begin, last_speech_s=self._last_word_s)
            self._last_word_s = timed[-1].segment.end_s
            if not split.ended and timed[-1].words:
                self._seek = begin
                self._move_on(round(self._last_word_s * FRAMES_PER_SECOND) - begin, content)
        self._keep(timed, tokenizer)
        if attempt >= self._attempts.trusted:
            self._prompt_since = len(self._tokens)

    def _move_on(self, frames: int, content: int) -> None:
        self._seek += min(content, max(frames, _STEP_MIN_FRAMES))

    def _probability(self, decoded: DecodedWindow) -> float:
        detected = self.language is None  # only the first window's language is detected
        return decoded.language_probability if detected else self.language_probability

    def _keep(self, timed: Sequence[TimedSegment], tokenizer: Tokenizer) -> None:
        for each in timed:
            text = tokenizer.decode([token for token in each.segment.tokens if token < tokenizer.eot])
            start_s, end_s = each.segment.start_s, min(each.segment.end_s, self.prepared.duration_s)
            if not text.strip() or each.segment.start_s == each.segment.end_s:
                continue
            if is_credible(start_s, end_s, text.strip(), self.prepared.spans):
                self.segments.append(Segment(start_s, max(start_s, end_s), text, each.words))
                self._tokens.extend(each.segment.tokens)

    # -- saved and restored ------------------------------------------------------------------------------------------

    def save(self) -> bytes:
        """Return what is needed to go on from here in another process (safetensors)."""
        state = {
            "seek": self._seek,
            "prompt_since": self._prompt_since,
            "language": self.language,
            "language_probability": self.language_probability,
            "last_word_s": self._last_word_s,
            "frames": self.prepared.frames,
            "segments": [exact_json(segment) for segment in self.segments],
        }
        return pack(state, self._tokens)

    def restore(self, saved: bytes) -> bool:
        """Go on from where `save` was called; start from the beginning if it does not fit this clip.

        Returns:
            Whether it fitted.
        """
        try:
            state, tokens = unpack(saved)
            if state["frames"] != self.prepared.frames:
                return False
            self.segments = [segment_from_json(data) for data in state["segments"]]
            self._seek, self._prompt_since = int(state["seek"]), int(state["prompt_since"])
            self.language, self.language_probability = state["language"], float(state["language_probability"])
            self._last_word_s, self._tokens = float(state["last_word_s"]), tokens
        except (SafetensorError, KeyError, TypeError, ValueError):
            return False
        return True
