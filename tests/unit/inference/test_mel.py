"""The spectrogram of a clip, computed in stretches, is the reference's."""

import numpy as np
import pytest
import whisper
from whisper.audio import N_SAMPLES

from inference.audio import SAMPLE_RATE
from inference.decoders.sounds import decode
from inference.engines.speech.mel import log_mel
from tests.support.files.speech_clips import synthetic


@pytest.mark.parametrize("samples", [201, 1_000, 3 * SAMPLE_RATE, 61 * SAMPLE_RATE, 125 * SAMPLE_RATE + 77])
def test_spectrogram_in_stretches_is_the_one_of_the_whole(samples: int) -> None:
    sound = np.resize(decode(synthetic()[0].content, 60.0), samples)
    expected = whisper.log_mel_spectrogram(sound, 80, padding=N_SAMPLES).numpy()[:, : samples // 160]
    np.testing.assert_allclose(log_mel(sound, 80), expected, atol=1e-6)
