"""Sound files made on the spot: tones and silence in the containers that people send, and containers that lie."""

import io
import wave

import av
import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]


def tone(seconds: float, hz: float = 440.0, rate: int = 16_000) -> Samples:
    """Return a sine at half volume."""
    at = np.arange(int(seconds * rate)) / rate
    return (16_000 * np.sin(2 * np.pi * hz * at)).astype(np.int16)


def wav(samples: Samples, rate: int = 16_000) -> bytes:
    """Return a mono WAV file."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return out.getvalue()


def encoded(samples: Samples, container: str, codec: str, rate: int) -> bytes:
    """Return samples in another container and codec.

    Args:
        samples: 16 kHz mono.
        container: as ffmpeg names it.
        codec: as ffmpeg names it.
        rate: the sample rate of the file.
    """
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = 16_000
        resampler = av.AudioResampler(format=stream.format.name, layout="mono", rate=rate)
        for piece in (*resampler.resample(frame), *resampler.resample(None), None):
            for packet in stream.encode(piece):
                file.mux(packet)
    return out.getvalue()


def film(sound: Samples | None = None) -> bytes:
    """Return an MP4 with a picture track, and a sound track (16 kHz mono) if there is one."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        pictures = file.add_stream("mpeg4", rate=5)
        pictures.width = pictures.height = 32
        voice = file.add_stream("aac", rate=16_000, layout="mono") if sound is not None else None
        for _ in range(3):
            picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            file.mux(pictures.encode(picture))
        file.mux(pictures.encode(None))
        if voice is not None and sound is not None:
            frame = av.AudioFrame.from_ndarray((sound[None] / 32768).astype(np.float32), format="fltp", layout="mono")
            frame.sample_rate = 16_000
            file.mux(voice.encode(frame))
            file.mux(voice.encode(None))
    return out.getvalue()


def looped(content: Samples, seconds: float, container: str, codec: str, **options: str) -> bytes:
    """Return a file of any length in a second: samples are encoded once, and their packets repeated.

    Args:
        content: samples, 16 kHz mono.
        seconds: how long the file is.
        container: as ffmpeg names it.
        codec: as ffmpeg names it.
        options: of the container, as ffmpeg names them.
    """
    out = io.BytesIO()
    rate = 48_000 if codec == "libopus" else 16_000
    with av.open(out, "w", format=container, container_options=options) as file:
        stream = file.add_stream(codec, rate=rate, layout="mono")
        stream.bit_rate = 8_000
        frame = av.AudioFrame.from_ndarray(content[None], format="s16", layout="mono")
        frame.sample_rate = 16_000
        resampler = av.AudioResampler(format=stream.format.name, layout="mono", rate=rate)
        pieces = (*resampler.resample(frame), *resampler.resample(None), None)
        encoded = [packet for piece in pieces for packet in stream.encode(piece)]
        each = [(bytes(packet), packet.duration or 0) for packet in encoded]
        at, unit = 0, encoded[0].time_base
        while at * unit < seconds:
            for body, length in each:
                packet = av.Packet(body)
                packet.stream, packet.time_base, packet.duration = stream, unit, length
                packet.pts = packet.dts = at
                file.mux(packet)
                at += length
    return out.getvalue()


SECONDS = np.arange(8 * 16_000) / 16_000


def chords() -> npt.NDArray[np.float32]:
    """Return a cadence of plucked chords."""
    beat = SECONDS[:8_000]
    notes = ((220.0, 277.2, 329.6), (196.0, 246.9, 293.7), (261.6, 329.6, 392.0), (174.6, 220.0, 261.6)) * 4
    plucked = [sum(np.sin(2 * np.pi * hz * beat) for hz in chord) / 4 * np.exp(-3 * beat) for chord in notes]
    return np.concatenate(plucked).astype(np.float32)


NOT_SPEECH = {
    "silence": np.zeros(8 * 16_000, np.float32),
    "a millisecond": np.zeros(16, np.float32),
    "white noise": np.random.default_rng(0).normal(0, 0.3, 8 * 16_000).clip(-1, 1).astype(np.float32),
    "hum": (0.3 * np.sin(2 * np.pi * 50 * SECONDS)).astype(np.float32),
    "sweep": (0.5 * np.sin(2 * np.pi * (100 + 200 * SECONDS) * SECONDS)).astype(np.float32),
    "chords": chords(),
    "clicks": (np.arange(8 * 16_000) % 4_000 < 8).astype(np.float32),
}
