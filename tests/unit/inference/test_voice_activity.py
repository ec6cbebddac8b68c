"""Speech is told from everything else, so that nothing is invented."""

from pathlib import Path

import numpy as np
import pytest
from faster_whisper import vad
from faster_whisper.utils import get_assets_path
from faster_whisper.vad import SileroVADModel

from inference.decoders.sounds import decode
from inference.engines.speech.voice_activity import speech_spans
from tests.support.files.sounds import NOT_SPEECH
from tests.support.files.speech_clips import Spoken, human_or_skip, synthetic


@pytest.mark.parametrize("name", NOT_SPEECH)
def test_nobody_speaks_in(name: str) -> None:
    assert speech_spans(NOT_SPEECH[name]) == ()


def spoken_share(clip: Spoken) -> float:
    sound = decode(clip.content, 60.0)
    return sum(end - start for start, end in speech_spans(sound)) / (len(sound) / 16_000)


@pytest.mark.parametrize("clip", synthetic(), ids=lambda clip: clip.name)
def test_somebody_speaks_in(clip: Spoken) -> None:
    assert spoken_share(clip) > 0.5


def test_somebody_speaks_where_people_read() -> None:
    assert all(spoken_share(clip) > 0.5 for clip in human_or_skip())


@pytest.mark.parametrize("windows", [1, 499, 500, 501, 1_777])
def test_speech_is_as_probable_in_small_batches_as_in_large_ones(windows: int) -> None:
    sound = np.resize(decode(synthetic()[0].content, 60.0), 512 * windows)
    path = Path(get_assets_path()) / "silero_vad_v6.onnx"
    np.testing.assert_array_equal(vad.get_vad_model()(sound.copy()), SileroVADModel(path)(sound.copy()))
    assert not isinstance(vad.get_vad_model(), SileroVADModel)


def test_speech_is_found_where_it_is() -> None:
    sound = decode(synthetic()[0].content, 60.0)
    gap = np.zeros(10 * 16_000, np.float32)
    spans = speech_spans(np.concatenate([gap, sound, gap]))
    assert spans[0][0] == pytest.approx(10.0, abs=0.5)
    assert spans[-1][1] == pytest.approx(10.0 + len(sound) / 16_000, abs=0.5)
