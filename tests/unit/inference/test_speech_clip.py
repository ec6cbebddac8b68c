"""A clip between its windows: what comes next, what is believed, what is saved."""

from dataclasses import replace

import numpy as np
from whisper.tokenizer import get_tokenizer

from inference.engines.speech.backends.backend import FRAMES, Attempts, DecodedWindow
from inference.engines.speech.clip import Clip, PreparedAudio, WindowDecision
from inference.engines.speech.hallucination import Span
from inference.messages import Task
from inference.requests import TranscribeRequest

TOKENIZER = get_tokenizer(True, num_languages=99, language="en", task="transcribe")


def clip(seconds: float, spans: tuple[Span, ...] | None = None, *, whole_windows: bool = True) -> Clip:
    request = TranscribeRequest(audio="", duration_s=seconds, model="base")
    mel = np.full((80, int(seconds * 100)), -0.5, np.float32)
    prepared = PreparedAudio(mel=mel, spans=spans or ((0.0, seconds),), duration_s=seconds)
    return Clip(
        Task("job", 0, request), request, prepared, attempts=Attempts(count=6, trusted=3), whole_windows=whole_windows
    )


def said(text: str, start_s: float, end_s: float, *, logprob: float = -0.2, no_speech: float = 0.0) -> DecodedWindow:
    begin = TOKENIZER.timestamp_begin
    tokens = (begin + round(start_s * 50), *TOKENIZER.encode(" " + text), begin + round(end_s * 50))
    return DecodedWindow(
        key="job", tokens=tokens, mean_logprob=logprob, no_speech=no_speech, language="en", language_probability=0.9
    )


def texts(of: Clip) -> list[str]:
    return [segment.text.strip() for segment in of.segments]


def test_the_next_window_is_prompted_with_what_was_said() -> None:
    going = clip(70)
    assert going.window().prompt == ()
    first = said("Good morning.", 0, 28)
    going.accept(first, TOKENIZER)
    assert going.window().prompt == first.tokens
    assert texts(going) == ["Good morning."]


def test_only_the_first_window_detects_the_language() -> None:
    going = clip(70)
    assert going.window().language is None
    going.accept(said("Good morning.", 0, 28), TOKENIZER)
    assert going.window().language == "en"
    assert going.language_probability == 0.9


def test_a_doubtful_window_is_decoded_in_all_ways_and_then_taken() -> None:
    going = clip(10)
    mumbled = said("Mumble.", 0, 5, logprob=-1.5)
    decisions = [going.decide(mumbled, TOKENIZER) for _ in range(6)]
    assert decisions == [WindowDecision.RETRY] * 5 + [WindowDecision.ACCEPT]
    assert going.attempt == 5


def test_text_of_a_late_attempt_is_no_prompt() -> None:
    going = clip(70)
    for _ in range(4):
        going.decide(said("Mumble.", 0, 5, logprob=-1.5), TOKENIZER)
    going.accept(said("Mumble.", 0, 5), TOKENIZER)
    assert going.window().prompt == ()


def test_a_short_clip_gets_a_short_window_filled_with_silence() -> None:
    window = clip(3.2, whole_windows=False).window()
    assert window.mel.shape == (80, 1000)  # 3.2 s, three of silence, in steps of five
    assert window.mel[0, -1] == np.float32(-0.5)


def test_a_short_window_in_doubt_becomes_a_whole_one_before_another_attempt() -> None:
    going = clip(3.2, whole_windows=False)
    assert going.decide(said("Mumble.", 0, 3, logprob=-1.5), TOKENIZER) is WindowDecision.RETRY_WHOLE
    assert going.window().mel.shape == (80, FRAMES)
    assert going.decide(said("Mumble.", 0, 3, logprob=-1.5), TOKENIZER) is WindowDecision.RETRY


def test_a_long_silence_is_skipped() -> None:
    going = clip(300, ((0.0, 10.0), (200.0, 210.0)))
    going.accept(said("Before.", 0, 9), TOKENIZER)
    going.window()
    going.accept(said("After.", 1, 9), TOKENIZER)
    assert going.segments[1].start_s > 199
    assert going.ended


def test_text_in_silence_is_dropped() -> None:
    going = clip(60, ((0.0, 5.0), (50.0, 60.0)))
    invented = said("Thank you for watching!", 12, 20)
    going.accept(replace(invented, tokens=(*invented.tokens, invented.tokens[-1])), TOKENIZER)
    assert texts(going) == []


def test_endless_repetition_is_dropped() -> None:
    going = clip(20)
    going.accept(said("you " * 100, 0, 19), TOKENIZER)
    assert texts(going) == []


def test_a_window_that_the_model_calls_silent_is_skipped() -> None:
    going = clip(20)
    going.accept(said("Bye.", 0, 2, logprob=-1.4, no_speech=0.8), TOKENIZER)
    assert texts(going) == []
    assert going.ended


def test_a_sliver_of_text_does_not_keep_the_clip_in_place() -> None:
    going = clip(60)
    begin = TOKENIZER.timestamp_begin
    sliver = replace(said("Uh.", 0, 0.02), tokens=(begin, 1, begin + 1, begin + 1, 2))
    for _ in range(60 * 2):
        if not going.ended:
            going.accept(sliver, TOKENIZER)
    assert going.ended


def test_progress_is_counted_in_half_minutes() -> None:
    going = clip(95)
    assert (going.windows_done, going.windows) == (0, 4)
    going.accept(said("One.", 0, 29), TOKENIZER)
    going.accept(said("Two.", 0, 29), TOKENIZER)
    assert going.windows_done == 2


def test_a_window_that_ends_with_its_sentence_counts_as_done_and_can_be_saved() -> None:
    going = clip(54)
    before = going.begun
    sentence = said("One.", 0, 26.9)
    going.accept(replace(sentence, tokens=(*sentence.tokens, sentence.tokens[-1])), TOKENIZER)
    assert (before, going.begun) == (False, True)  # though 26.9 s are less than half of the clip
    assert (going.windows_done, going.windows) == (1, 2)


def test_a_saved_clip_goes_on_where_it_stood() -> None:
    before = clip(70)
    before.accept(said("Good morning.", 0, 28), TOKENIZER)
    after = clip(70)
    assert after.restore(before.save())
    assert after.segments == before.segments
    assert (after.window().prompt, after.language) == (before.window().prompt, "en")
    np.testing.assert_array_equal(after.window().mel, before.window().mel)
    assert after.seed == before.seed


def test_a_checkpoint_of_another_clip_or_of_noise_is_not_used() -> None:
    other = clip(90)
    other.accept(said("Good morning.", 0, 28), TOKENIZER)
    for saved in (other.save(), b"", b"\xff" * 100, other.save()[:40]):
        fresh = clip(70)
        assert not fresh.restore(saved)
        assert (fresh.segments, fresh.windows_done) == ([], 0)
