"""Sound out of files, in the decoding process: 16 kHz mono float32.

ffmpeg is told the format that the content shows (never the name), and which demuxers, decoders and protocols exist.
"""

import importlib
import io
import pkgutil
import struct
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.audio.resampler import AudioResampler

from inference.decoders.refused import FileRefused

Waveform = npt.NDArray[np.float32]
SAMPLE_RATE = 16_000
CODECS = ("opus", "vorbis", "flac", "mp3", "mp3float", "aac", "alac", "speex", "libspeex")  # and every pcm_*
RATES_HZ = (4_000, 384_000)  # outside of it, resampling would blow a few bytes up to gigabytes
CHANNELS_MAX = 8
BAD_PACKETS_MAX = 200

DEMUXERS = {  # by the name to ask for: the name that ffmpeg compares with its list of allowed ones
    "ogg": "ogg",
    "wav": "wav",
    "mp3": "mp3",
    "flac": "flac",
    "mov": "mov,mp4,m4a,3gp,3g2,mj2",
    "matroska": "matroska,webm",
}


def sniff(head: bytes) -> str | None:
    """Return the ffmpeg demuxer for what the first bytes show, or None."""
    if head[:4] == b"OggS":
        return "ogg"
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"fLaC":
        return "flac"
    if head[:4] == b"\x1aE\xdf\xa3":
        return "matroska"  # WebM too
    if head[4:8] == b"ftyp":
        return "mov"  # MP4 and M4A too
    if head[:3] == b"ID3" or (len(head) > 2 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return "mp3"
    return None


def decode(content: bytes, seconds_max: float) -> Waveform:
    """Decode the first sound stream of a file in memory.

    Returns:
        float32 samples in [-1, 1], mono, 16 kHz.

    Raises:
        FileRefused: why it cannot be decoded.
    """
    sound = bytearray()  # grows in place: half an hour in pieces and then as a whole would be there twice
    for piece in _pieces(content, seconds_max):
        sound += piece.data
    return np.frombuffer(sound, dtype=np.float32)


def measure(content: bytes, seconds_max: float) -> int:
    """Decode a file as `decode` does, keep nothing of it, and return how many samples there are.

    Raises:
        FileRefused: why it cannot be decoded.
    """
    return sum(piece.size for piece in _pieces(content, seconds_max))


def _pieces(content: bytes, seconds_max: float) -> Iterator[Waveform]:
    """Yield the sound bit by bit; refuse it as soon as there is too much of it, whatever its container says."""
    if not content:
        raise FileRefused("empty")
    if (demuxer := sniff(content[:16])) is None:
        raise FileRefused("unknown")
    options = {"protocol_whitelist": "none", "format_whitelist": DEMUXERS[demuxer]}
    samples, samples_max = 0, int(seconds_max * SAMPLE_RATE)
    try:
        with av.open(io.BytesIO(content), format=demuxer, container_options=options, metadata_errors="replace") as file:
            for frame in _resampled(file, _stream(file, seconds_max)):
                piece = np.asarray(frame.to_ndarray(), dtype=np.float32).reshape(-1)
                samples += piece.size
                if samples > samples_max:
                    raise FileRefused("too-long")
                yield np.nan_to_num(piece, posinf=0.0, neginf=0.0).clip(-1, 1)
    except (av.FFmpegError, ValueError, EOFError) as error:
        raise FileRefused("damaged") from error
    if not samples:
        raise FileRefused("damaged")


def _stream(file: av.container.InputContainer, seconds_max: float) -> Any:
    """Return the first sound stream, if it may be decoded."""
    if not file.streams.audio:
        raise FileRefused("no-sound")
    stream = file.streams.audio[0]
    codec = stream.codec_context
    if codec is None or (codec.name not in CODECS and not codec.name.startswith("pcm_")):
        raise FileRefused("unknown")
    codec.thread_count = 1  # no thread can be started any more either
    if file.duration is not None and file.duration / av.time_base > seconds_max + 1:
        raise FileRefused("too-long")
    return stream


def _resampled(file: av.container.InputContainer, stream: Any) -> Iterator[av.AudioFrame]:
    resampler = AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    begun = False
    for frame in _frames(file, stream):
        if not RATES_HZ[0] <= frame.sample_rate <= RATES_HZ[1] or frame.layout.nb_channels > CHANNELS_MAX:
            raise FileRefused("damaged")
        frame.pts = None  # gaps and jumps in the clock are not sound
        begun = True
        yield from resampler.resample(frame)
    if begun:
        yield from resampler.resample(None)


def _frames(file: av.container.InputContainer, stream: Any) -> Iterator[Any]:
    """Yield frames; broken packets are skipped, up to a bound, and a file cut short yields what it has."""
    bad = 0
    packets = file.demux(stream)
    while True:
        try:
            packet = next(packets)
            yield from packet.decode()
        except StopIteration:
            return
        except av.FFmpegError:
            bad += 1
            if bad > BAD_PACKETS_MAX:
                return


def warm_up() -> None:
    """Import every module of PyAV, which it would do at first use, when nothing can be opened any more."""
    av.logging.set_level(None)
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 236, b"WAVE", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16, b"data", 200
    )
    decode(header + bytes(200), 1.0)


def answer(content: bytes, options: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    """Say how many samples are in a file, and hand them over if they are wanted.

    Raises:
        FileRefused: why it cannot be decoded.
    """
    seconds_max = float(options["seconds_max"])
    if not options["samples_wanted"]:
        return {"samples": measure(content, seconds_max)}, []
    sound = decode(content, seconds_max)
    return {"samples": sound.size}, [sound.data]
