"""What learns in a training."""

from typing import Protocol

from torch import nn


class Trainable(Protocol):
    """Networks that learn: `SubjectLora` (layers over a base) or `WholeUnet`."""

    unet: nn.Module
    text_encoders: tuple[nn.Module, ...]

    @property
    def learns_text(self) -> bool:
        """Whether the text encoders learn too; else captions are encoded once."""
        ...

    def parameters(self) -> dict[str, nn.Parameter]:
        """Return what learns, by a name that is the same in every run."""
        ...
