"""What real models make of real speech, against the words that were said and against whisper itself."""

from pathlib import Path
from typing import Any

import pytest
import whisper

from inference.audio import AudioLimits
from inference.catalogue import SpeechModel
from inference.engines.speech.backends.weights import load_whisper
from inference.engines.speech.engine import SpeechEngine
from inference.engines.speech.models import SpeechModels
from inference.messages import Failed, Finished
from tests.integration.speech.conftest import task, transcribe
from tests.support.files.speech_clips import human_or_skip, synthetic, word_error_rate

ERRORS_MAX = 0.05  # measured 0.014 to 0.028 over 69 words: one or two words


@pytest.fixture(scope="module")
def reference(base: Path) -> whisper.Whisper:
    spec = SpeechModel(name="base", title="", source=str(base), licence="MIT")
    return load_whisper(spec, "cpu")


@pytest.fixture(scope="module")
def expected(reference: whisper.Whisper) -> list[dict[str, Any]]:
    """What whisper itself makes of the first two clips, with the times of the second's words."""
    first, second = (clip.samples.astype("float32") / 32768 for clip in human_or_skip()[:2])
    return [
        reference.transcribe(first, fp16=False),
        reference.transcribe(second, fp16=False, word_timestamps=True),
    ]


@pytest.fixture(scope="module")
def alone(speech_models: SpeechModels) -> Finished:
    """What we make of the second clip when it is alone, with the times of its words."""
    engine = SpeechEngine(speech_models, limits=AudioLimits())
    clip = human_or_skip()[1]
    (end,) = transcribe(engine, [task("alone", clip.content, "whisper.whole", word_timestamps=True)]).values()
    engine.close()
    assert isinstance(end, Finished)
    return end


@pytest.mark.parametrize("model", ["whisper.short", "faster-whisper.short"])
def test_words_are_recognised_by_both_backends(
    engine: SpeechEngine, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spoken = human_or_skip()
    ends = transcribe(engine, [task(clip.name, clip.content, model) for clip in spoken])
    pairs = [(clip.words, _text(ends[clip.name])) for clip in spoken]
    rate = word_error_rate(pairs)
    with capsys.disabled():
        print(f"\nword error rate of base by {model}: {rate:.3f}")
    assert rate <= ERRORS_MAX
    assert {end.summary["language"] for end in ends.values() if isinstance(end, Finished)} == {"en"}


def test_texts_equal_whispers_own_batched_or_not(
    engine: SpeechEngine, expected: list[dict[str, Any]], alone: Finished
) -> None:
    spoken = human_or_skip()[:2]
    batched = transcribe(engine, [task(clip.name, clip.content, "whisper.whole") for clip in spoken])
    for clip, wanted in zip(spoken, expected, strict=True):
        assert _text(batched[clip.name]) == " ".join(wanted["text"].split())
    assert _text(alone) == _text(batched[spoken[1].name])


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("asked", "options"),
    [({}, {}), ({"language": "en"}, {"language": "en"}), ({"translate": True}, {"task": "translate"})],
    ids=["plain", "told", "translated"],
)
def test_every_clip_equals_whispers_own_with_the_same_options(
    engine: SpeechEngine, reference: whisper.Whisper, asked: dict[str, Any], options: dict[str, str]
) -> None:
    german = () if "language" in asked else tuple(clip for clip in synthetic() if clip.name.startswith("de"))
    spoken = (*human_or_skip(), *german)
    batched = transcribe(engine, [task(clip.name, clip.content, "whisper.whole", **asked) for clip in spoken])
    for clip in spoken:
        expected = reference.transcribe(clip.samples.astype("float32") / 32768, fp16=False, **options)
        (alone,) = transcribe(engine, [task("alone", clip.content, "whisper.whole", **asked)]).values()
        assert _text(batched[clip.name]) == _text(alone) == " ".join(expected["text"].split()), clip.name


def test_word_times_equal_whispers_own(expected: list[dict[str, Any]], alone: Finished) -> None:
    wanted = [word for segment in expected[1]["segments"] for word in segment["words"]]
    found = [word for segment in alone.summary["segments"] for word in segment["words"]]
    assert [word["text"] for word in found] == [word["word"] for word in wanted]
    for mine, theirs in zip(found, wanted, strict=True):
        assert mine["start"] == pytest.approx(theirs["start"], abs=0.021)
        assert mine["end"] == pytest.approx(theirs["end"], abs=0.021)


def test_word_times_by_ctranslate2_lie_in_order_within_the_clip(engine: SpeechEngine) -> None:
    clip = synthetic()[0]
    (end,) = transcribe(engine, [task("a", clip.content, "faster-whisper.short", word_timestamps=True)]).values()
    assert isinstance(end, Finished)
    words = [word for segment in end.summary["segments"] for word in segment["words"]]
    assert "".join(word["text"] for word in words).strip() == end.summary["text"]
    times = [time for word in words for time in (word["start"], word["end"])]
    assert times == sorted(times)
    assert 0 <= times[0] < times[-1] <= end.summary["duration_s"] + 0.5


@pytest.mark.parametrize("model", ["whisper.short", "faster-whisper.short"])
def test_another_language_is_detected_and_can_be_translated(engine: SpeechEngine, model: str) -> None:
    german = next(clip for clip in synthetic() if clip.name.startswith("de"))
    ends = transcribe(
        engine, [task("as-is", german.content, model), task("english", german.content, model, translate=True)]
    )
    heard, translated = ends["as-is"], ends["english"]
    assert isinstance(heard, Finished)
    assert heard.summary["language"] == "de"
    assert "guten morgen" in heard.summary["text"].lower()
    assert "good morning" in _text(translated).lower()


def test_a_language_can_be_asked_for(engine: SpeechEngine) -> None:
    (end,) = transcribe(engine, [task("a", synthetic()[0].content, "faster-whisper.short", language="en")]).values()
    assert isinstance(end, Finished)
    assert (end.summary["language"], end.summary["language_probability"]) == ("en", 1.0)


def _text(end: Finished | Failed) -> str:
    assert isinstance(end, Finished), end
    text: str = end.summary["text"]
    return text
