"""Files into samples: what is read, and what is refused, cheaply and kindly."""

import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.audio import SAMPLE_RATE, AudioDecoder, AudioLimits, AudioRejected
from inference.decoders.refused import FileRefused
from inference.decoders.sounds import decode, sniff
from tests.support.files.canary import Canary
from tests.support.files.sounds import encoded, film, tone, wav


@pytest.fixture(scope="module")
def decoder() -> Iterator[AudioDecoder]:
    decoder = AudioDecoder(AudioLimits(seconds=60.0, file_bytes=8 << 20))
    yield decoder
    decoder.close()


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Canary]:
    canary = Canary(tmp_path / "canary.wav")
    yield canary
    canary.path.read_bytes()
    if not canary.touched():
        pytest.skip("this file system does not record reads")


def test_samples_of_a_wav_come_back_as_they_are(decoder: AudioDecoder) -> None:
    samples = tone(1.5)
    found = decoder.decode(wav(samples))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, samples / 32768, atol=1e-4)


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [
        ("ogg", "libopus", 48_000),
        ("webm", "libopus", 48_000),
        ("mp4", "aac", 48_000),
        ("mp3", "libmp3lame", 44_100),
        ("flac", "flac", 44_100),
        ("matroska", "pcm_s16le", 8_000),
    ],
)
def test_a_tone_is_recognised_in_every_container(decoder: AudioDecoder, container: str, codec: str, rate: int) -> None:
    found = decoder.decode(encoded(tone(2.0), container, codec, rate))
    assert len(found) == pytest.approx(2 * SAMPLE_RATE, rel=0.05)
    spectrum = np.abs(np.fft.rfft(found[4_000:20_000]))
    assert np.argmax(spectrum) == pytest.approx(440, abs=2)


def test_a_file_cut_short_yields_what_it_has(decoder: AudioDecoder) -> None:
    whole = encoded(tone(10.0), "ogg", "libopus", 48_000)
    found = decoder.decode(whole[: len(whole) // 2])
    assert 2 * SAMPLE_RATE < len(found) < 8 * SAMPLE_RATE


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"just some text that calls itself voice.ogg", "can't read that kind of file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "can't read that kind of file"),
        (b"OggS" + bytes(2_000), "damaged"),
        (b"RIFF\xff\xff\xff\xffWAVEfmt ", "damaged"),
        (wav(tone(1.0))[:44], "damaged"),  # a header and not one sample
        (wav(tone(0.002), rate=1), "damaged"),  # one sample a second: two bytes would become 64 kB
        (b"ID3" + bytes(10_000), "damaged"),
        (bytes(9 << 20), "larger than 8 MiB"),
        (wav(np.zeros(61 * SAMPLE_RATE, np.int16)), "longer than 1 min"),
    ],
    ids=["empty", "text", "picture", "ogg", "wav", "header", "slow", "mp3", "large", "long"],
)
def test_what_cannot_be_used_is_refused_with_its_reason(decoder: AudioDecoder, content: bytes, reason: str) -> None:
    with pytest.raises(AudioRejected, match=reason):
        decoder.decode(content)


def test_the_sound_of_a_film_is_heard(decoder: AudioDecoder) -> None:
    assert len(decoder.decode(film(tone(2.0)))) == pytest.approx(2 * SAMPLE_RATE, rel=0.1)


def test_a_film_without_sound_is_refused(decoder: AudioDecoder) -> None:
    with pytest.raises(AudioRejected, match="has no sound"):
        decoder.decode(film())


def test_a_stated_length_over_the_limit_is_refused_before_decoding(decoder: AudioDecoder) -> None:
    content = bytearray(encoded(tone(1.0), "flac", "flac", 16_000))
    content[22:26] = b"\xff" * 4  # how many samples STREAMINFO claims: three days
    with pytest.raises(AudioRejected, match="longer than 1 min"):
        decoder.decode(bytes(content))


def test_a_length_that_is_a_lie_is_found_out(decoder: AudioDecoder) -> None:
    long = bytearray(wav(np.zeros(100 * SAMPLE_RATE, np.int16)))
    long[40:44] = struct.pack("<I", 1_000)  # the header claims 500 samples
    assert len(decoder.decode(bytes(long))) <= 60 * SAMPLE_RATE


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXTINF:1,\nfile://{canary}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {canary}\n",
        "#EXTM3U\n#EXTINF:1,\nconcat:{canary}|{canary}\n",
        '<?xml version="1.0"?><MPD><BaseURL>file://{canary}</BaseURL></MPD>',
        "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 9 RTP/AVP 0\r\na=control:file://{canary}\r\n",
    ],
    ids=["hls", "concat", "concat-protocol", "dash", "sdp"],
)
@pytest.mark.parametrize("disguise", [b"", b"ID3\x04\x00\x00\x00\x00\x00\x00", b"OggS", b"fLaC"], ids=repr)
def test_playlists_open_nothing(canary: Canary, playlist: str, disguise: bytes) -> None:
    # in this process, which could open files: ffmpeg's own limits are the first wall, the child's the second
    with pytest.raises(FileRefused):
        decode(disguise + playlist.format(canary=canary.path).encode(), 60.0)
    assert not canary.touched()


def test_a_movie_that_refers_to_another_file_opens_nothing(canary: Canary) -> None:
    movie = encoded(tone(1.0), "mov", "pcm_s16le", 16_000)
    name = str(canary.path).encode() + b"\0"
    hostile = movie.replace(
        struct.pack(">I4sI", 12, b"url ", 1), struct.pack(">I4sI", 12 + len(name), b"url ", 0) + name
    )
    assert hostile != movie
    with pytest.raises(FileRefused):
        decode(hostile, 60.0)
    assert not canary.touched()


def test_a_decoder_that_hangs_is_killed_and_replaced() -> None:
    decoder = AudioDecoder(AudioLimits(decoding_s=0.0))
    try:
        started_s = time.monotonic()
        with pytest.raises(AudioRejected, match="Decoding that file took too long"):
            decoder.decode(wav(tone(1.0)))
        assert time.monotonic() - started_s < 30
        decoder.process.limits = AudioLimits().decoder_limits(samples_wanted=True)
        assert len(decoder.decode(wav(tone(1.0)))) == SAMPLE_RATE
    finally:
        decoder.close()


def test_a_refusal_does_not_touch_the_next_clip(decoder: AudioDecoder) -> None:
    with pytest.raises(AudioRejected):
        decoder.decode(b"OggS" + bytes(500))
    assert len(decoder.decode(wav(tone(0.5)))) == SAMPLE_RATE // 2


@given(st.sampled_from(["ogg", "flac", "wav"]), st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_file_is_decoded_or_refused_and_nothing_else(kind: str, data: st.DataObject) -> None:
    content = bytearray(_SAMPLES[kind])
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(FileRefused):
        assert len(decode(bytes(content), 10.0)) <= 11 * SAMPLE_RATE


_SAMPLES = {
    "ogg": encoded(tone(0.3), "ogg", "libopus", 48_000),
    "flac": encoded(tone(0.3), "flac", "flac", 16_000),
    "wav": wav(tone(0.3)),
}


@given(st.binary(max_size=64))
def test_unknown_content_has_no_demuxer(content: bytes) -> None:
    assert sniff(content) in {None, "ogg", "wav", "flac", "mov", "matroska", "mp3"}


def test_the_name_of_a_file_does_not_matter_its_content_does() -> None:
    assert sniff(wav(tone(0.1))[:16]) == "wav"
    assert sniff(b"\x1aE\xdf\xa3" + bytes(12)) == "matroska"
    assert sniff(bytes(4) + b"ftypM4A " + bytes(4)) == "mov"
