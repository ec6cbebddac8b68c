"""Two hours of sound, really: in a few megabytes, with containers that tell their length, hide it, or lie about it."""

import multiprocessing
import resource
import struct
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from inference.audio import AudioDecoder, AudioLimits, AudioRejected
from tests.support.files.lying_clips import NOT_STATED, STATED
from tests.support.files.sounds import encoded, looped, tone, wav

LIMITS = AudioLimits()  # half an hour, as members have it
CHILD_MAX = 256 << 20  # bytes: Python, numpy and ffmpeg take 60 MB, half an hour of samples 115 MB
BOT_MAX = 16 << 20  # bytes besides the file itself, which the bot holds anyway
TOO_LONG = "That is longer than 30 min, the limit. Please send a shorter clip."
NOT_AS_STATED = "That clip is longer than it says it is. Please save it again."


@pytest.mark.parametrize("name", STATED)
def test_two_hours_that_are_stated_are_refused_before_they_are_decoded(name: str) -> None:
    refused, _, child_bytes = decoded_elsewhere(STATED[name]())
    assert refused == TOO_LONG
    assert child_bytes < CHILD_MAX / 2  # not a minute of it was kept


@pytest.mark.parametrize(
    "promised_s", [pytest.param(None, marks=pytest.mark.long, id="bot"), pytest.param(48.0, id="worker")]
)
@pytest.mark.parametrize("name", NOT_STATED)
def test_two_hours_that_are_not_stated_are_found_out_in_bounded_memory(name: str, promised_s: float | None) -> None:
    refused, own_bytes, child_bytes = decoded_elsewhere(NOT_STATED[name](), promised_s)
    assert refused == (TOO_LONG if promised_s is None else NOT_AS_STATED)
    assert own_bytes < BOT_MAX
    assert child_bytes < CHILD_MAX


@pytest.mark.long
def test_half_an_hour_is_measured_without_its_samples_and_decoded_with_them_once() -> None:
    nearly = NOT_STATED["webm"]()
    nearly = nearly[: len(nearly) * 29 // 120]
    refused, own_bytes, child_bytes = decoded_elsewhere(nearly)
    assert (refused, own_bytes < BOT_MAX, child_bytes < CHILD_MAX / 2) == ("", True, True)
    refused, _, child_bytes = decoded_elsewhere(nearly, 1800.0)
    assert (refused, child_bytes < CHILD_MAX) == ("", True)


@pytest.mark.parametrize(("samples_wanted", "most_bytes"), [(False, 384 << 20), (True, 640 << 20)])
def test_the_decoding_process_gets_no_more_memory_than_the_limits_need(samples_wanted: bool, most_bytes: int) -> None:
    decoder = AudioDecoder(LIMITS, samples_wanted=samples_wanted)
    try:
        decoder.measure(wav(tone(0.1)))
        told = Path(f"/proc/{decoder.pid}/limits").read_text()
    finally:
        decoder.close()
    granted = str(LIMITS.decoder_limits(samples_wanted=samples_wanted).memory_bytes)
    assert int(granted) <= most_bytes
    assert next(line for line in told.splitlines() if "address space" in line).split()[3:5] == [granted, granted]


def test_decoding_process_keeps_nothing_of_a_sound_that_it_handed_over() -> None:
    decoder = AudioDecoder(LIMITS)
    try:
        decoder.decode(wav(tone(0.1)))
        before_bytes = _resident_bytes(decoder)
        decoder.decode(looped(np.zeros(4_096, np.int16), 900.0, "flac", "flac"))
        decoder.measure(wav(tone(0.1)))  # it has seen to the next
        assert _resident_bytes(decoder) - before_bytes < 16 << 20  # 58 MB of samples
    finally:
        decoder.close()


def _resident_bytes(decoder: AudioDecoder) -> int:
    status = Path(f"/proc/{decoder.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def decoded_elsewhere(content: bytes, promised_s: float | None = None) -> tuple[str, int, int]:
    """Measure a file as the bot does, or decode it as a worker does, in a process whose memory tells of nothing else.

    Returns:
        The refusal, or ''; what the process took besides the file; what its decoding child took (bytes).
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as elsewhere:
        return elsewhere.submit(_decode, content, promised_s).result()


def _decode(content: bytes, promised_s: float | None) -> tuple[str, int, int]:
    decoder = AudioDecoder(LIMITS, samples_wanted=promised_s is not None)
    decoder.measure(wav(tone(0.1)))  # the child's memory at its start counts what it was forked from
    before_bytes = _peak_bytes(resource.RUSAGE_SELF)
    refused = ""
    try:
        if promised_s is None:
            decoder.measure(content)
        else:
            decoder.decode(content, promised_s=promised_s)
    except AudioRejected as error:
        refused = str(error)
    decoder.close()
    return refused, _peak_bytes(resource.RUSAGE_SELF) - before_bytes, _peak_bytes(resource.RUSAGE_CHILDREN)


def _peak_bytes(whose: int) -> int:
    return resource.getrusage(whose).ru_maxrss * 1024


@pytest.mark.parametrize("samples", [20_000_000, 400_000_000])
def test_a_small_film_that_counts_very_many_samples_is_refused_in_bounded_memory(samples: int) -> None:
    content = bytearray(encoded(tone(1.0), "mp4", "aac", 16_000))
    at = content.index(b"stsz") + 8  # size of each sample, their number: a table of one size needs no bytes here
    content[at : at + 8] = struct.pack(">II", 1, samples)
    refused, _, child_bytes = decoded_elsewhere(bytes(content))
    assert refused
    assert child_bytes < CHILD_MAX
