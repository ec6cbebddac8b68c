"""How a model is kept on a device: all of it, or, where that does not fit, in low memory. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class LowMemory(StrEnum):
    """What the operator has set."""

    AUTO = "auto"  # where a model does not fit otherwise
    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryForecast:
    """What a model takes of a device, in bytes, for one picture of its own size."""

    encoders: int  # weights of the text encoders
    core: int  # of what denoises
    vae: int  # of the autoencoder
    encoding: int  # beside the weights, while a prompt and a negative one are read
    denoising: int  # while one picture is denoised, with the rows that the model's guidance takes
    decoding: int  # while it is decoded
    decoding_tiled: int  # the same, tile by tile
    encoder_piece: int  # the most weights of a text encoder that have to be there at once
    core_piece: int  # the same of what denoises, beside those that stay

    @property
    def weights(self) -> int:
        """Bytes of all weights."""
        return self.encoders + self.core + self.vae

    @property
    def peak(self) -> int:
        """The most at once, with everything on the device."""
        return self.weights + max(self.encoding, self.denoising, self.decoding)

    @property
    def low_peak(self) -> int:
        """The most at once in low memory, where nothing of what denoises stays on the device."""
        return self.vae + max(self.encoder_piece + self.encoding, self.core_piece + self.denoising, self.decoding_tiled)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryPlan:
    """How a model is kept."""

    low: bool = False  # text encoders come and go, large pictures are decoded tile by tile
    core_bytes: int = 0  # in low memory: how much of what denoises stays on the device


def make_plan(foretold: MemoryForecast, available_bytes: int, setting: LowMemory) -> MemoryPlan:
    """Decide how a model is kept.

    Args:
        foretold: what it takes.
        available_bytes: that the device has for it.
        setting: the operator's.
    """
    if setting is LowMemory.OFF or (setting is LowMemory.AUTO and foretold.peak <= available_bytes):
        return MemoryPlan()
    return MemoryPlan(low=True, core_bytes=max(0, available_bytes - foretold.low_peak))
