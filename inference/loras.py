"""The catalogue's LoRAs: styles that members put into pictures. No torch.

Their files were converted as they were added (`inference/engines/image/adapters/conversion.py`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field, field_validator

from common.near import did_you_mean
from inference.errors import BadRequest
from inference.families import FAMILIES
from inference.requests import LoraUse

LORAS_MAX = 3  # in one picture
LORA_WEIGHT_MAX = 2.0


class OfAFamily(Protocol):
    """A picture model, for what is asked here."""

    @property
    def name(self) -> str:
        """As in the catalogue."""

    @property
    def title(self) -> str:
        """As in the catalogue."""

    @property
    def family(self) -> str:
        """As in the catalogue."""


class LoraModel(BaseModel):
    """A LoRA: a safetensors file in the form that `atelier loras add` writes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,31}$")  # what members type
    title: str  # shown to members
    file: str  # absolute, or beginning with '.' or '~'
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")  # of the file, compared as it is loaded; empty: not
    family: str  # of the models that it is for
    base: str = ""  # the model that it was checked against, and which is taken where a member chooses none that fits
    models: tuple[str, ...] = ()  # names of the models that it is used with; empty: all of the family
    words: str = Field(default="", max_length=200)  # that call it; put into prompts where they are missing
    strength: Annotated[float, Field(ge=-LORA_WEIGHT_MAX, le=LORA_WEIGHT_MAX)] = 1.0  # unless a member says another
    licence: str
    licence_url: str = ""
    note: str = ""
    picture: str = ""  # a file with an example, shown in /styles; empty: there is none

    @field_validator("family")
    @classmethod
    def _family_takes_loras(cls, family: str) -> str:
        known = [name for name, traits in FAMILIES.items() if not traits.alone]
        if family not in known:
            raise ValueError(f"it has to be one of {', '.join(known)}.{did_you_mean(family, known)}")
        return family

    @property
    def path(self) -> Path:
        """Its file."""
        return Path(self.file).expanduser()

    def fits(self, model: OfAFamily) -> bool:
        """Tell whether it is used with a model."""
        return model.family == self.family and (not self.models or model.name in self.models)


def check_loras(uses: Sequence[LoraUse], model: OfAFamily, loras: Mapping[str, LoraModel]) -> None:
    """Refuse styles that a picture cannot have.

    Args:
        uses: as a request has them.
        model: that they are used with.
        loras: those of the catalogue, by their names.

    Raises:
        BadRequest: with a sentence for the member.
    """
    if len(uses) > LORAS_MAX:
        raise BadRequest(f"One picture can have at most {LORAS_MAX} styles. Please leave some out of `style`.")
    if len({use.name for use in uses}) < len(uses):
        raise BadRequest("A style is in `style` twice. Please keep one.")
    for use in uses:
        if not abs(use.weight) <= LORA_WEIGHT_MAX:  # false for NaN, too
            raise BadRequest(f"A weight in `style` must be from {-LORA_WEIGHT_MAX:g} to {LORA_WEIGHT_MAX:g}.")
        if not loras[use.name].fits(model):
            raise BadRequest(f"The style {loras[use.name].title} is not for {model.title}. Please choose another.")
