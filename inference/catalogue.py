"""The models there are: what `models.toml` says, checked."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from common.near import did_you_mean
from common.toml_files import mistakes, read_toml
from inference.errors import ModelUnusable, UnknownModel, UnknownStyle
from inference.families import FAMILIES, FamilyTraits
from inference.loras import LoraModel
from inference.vocabulary import Vocabulary, read_vocabulary

BUILTIN_WEIGHTS = Path(__file__).parent / "builtin" / "weights"
COMMIT = re.compile(r"[0-9a-f]{40}")
DEFAULT_FILE = Path(__file__).parent / "models.toml"
TILE_MIN_PX = 32  # of upscalers: smaller ones would be little but overlap


class _ModelSpec(BaseModel):
    """What every model states."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,31}$")
    title: str  # shown to members
    source: str  # 'builtin', a local folder, or a hub id 'owner/name'
    revision: str = (
        ""  # all 40 digits of a commit of the hub repository; needed for hub ids, so that weights stay the same
    )
    licence: str
    licence_url: str = ""
    must_accept: bool = False  # members are asked to accept the licence before the first use
    note: str = ""

    @property
    def folder(self) -> Path | None:
        """The local folder of the model, or None for a hub id."""
        if self.source == "builtin":
            return BUILTIN_WEIGHTS
        path = Path(self.source).expanduser()
        return path if path.is_absolute() or self.source.startswith((".", "~")) else None

    @model_validator(mode="after")
    def _hub_ids_are_pinned(self) -> "_ModelSpec":
        if self.folder is None and not COMMIT.fullmatch(self.revision):
            given = f"'{self.revision}' is none" if self.revision else "it has none"
            raise ValueError(
                f"model '{self.name}': a hub id is pinned to a commit, and {given}. A branch or tag can be moved to "
                "other weights. Put the 40 characters of a commit into revision; the hub lists them with the files."
            )
        return self


class ImageModel(_ModelSpec):
    """A text-to-image model in the diffusers folder layout, safetensors only."""

    family: str
    width_px: int = Field(gt=0, multiple_of=8)  # its own size, the price's unit
    height_px: int = Field(gt=0, multiple_of=8)
    side_max_px: int = Field(gt=0)  # the longest side members may ask for
    grid_px: int = Field(default=8, ge=8, multiple_of=8)  # of its sides; what is not given is as the family has it
    ratio_keeps: Literal["pixels", "short side"] = "pixels"  # of its own size; small models lose things with less side
    steps: int = Field(gt=0)
    steps_max: int = Field(gt=0)
    guidance: float = Field(ge=0)
    credits: int = Field(default=1, ge=1)  # for one picture at its own size and steps
    scheduler: str = "auto"  # one of its family's, whose first is meant if not given
    quantise: Literal["", "float8"] = ""  # weights in eight bits: half of the memory, nearly the same pictures
    upscale: int = Field(default=1, ge=1, le=8)  # pictures are enlarged for the chat by this factor (tiny models)
    age_restricted: bool = False  # used in age-restricted channels only
    trainable: bool = True  # where its family is
    # How subjects are trained; the defaults are for SD and SDXL, and docs/training.md says where they are from.
    train_steps: int = Field(default=500, ge=1)
    train_rank: int = Field(default=8, ge=1, le=128)
    train_rate: float = Field(default=1e-4, gt=0)
    train_batch: int = Field(default=1, ge=1, le=8)  # photos in a step
    train_prior_batch: int = Field(default=0, ge=0, le=8)  # class pictures in a step; 0: as many as photos
    train_layers: Literal["attention", "all"] = "attention"  # attention and feed-forward; or all linear and convolution
    train_min_snr: float = Field(default=5.0, ge=0)  # min-SNR's gamma; 0: all timesteps weigh the same
    train_noisy_share: float = Field(default=0.0, ge=0, le=1)  # of timesteps drawn among the noisiest, others evenly
    train_prior_weight: float = Field(default=1.0, ge=0)  # how much class pictures count; 0: there are none
    train_prior_target: Literal["noise", "base"] = (
        "noise"  # what they are trained towards: noise, or what the base predicts
    )
    train_shift: float = Field(default=0.0, ge=0, le=0.25)  # photos are moved by up to this share of their sides
    train_scale: float = Field(default=0.0, ge=0, le=0.5)  # and enlarged or shrunk by up to this share
    train_flip: bool = False  # and mirrored half of the time; not for what has letters on it

    @field_validator("family")
    @classmethod
    def _family_is_known(cls, family: str) -> str:
        if family not in FAMILIES:
            raise ValueError(f"it has to be one of {', '.join(FAMILIES)}.{did_you_mean(family, FAMILIES)}")
        return family

    @model_validator(mode="before")
    @classmethod
    def _family_fills_in(cls, fields: Any) -> Any:
        traits = FAMILIES.get(str(fields.get("family")), FamilyTraits()) if isinstance(fields, dict) else None
        if traits is None:
            return fields
        usual = {"grid_px": traits.grid_px, "scheduler": traits.schedulers[0], "trainable": traits.trainable}
        return usual | fields

    @model_validator(mode="after")
    def _family_allows_it(self) -> "ImageModel":
        traits = FAMILIES[self.family]
        if self.scheduler not in traits.schedulers:
            raise ValueError(
                f"scheduler is '{self.scheduler}': models of this family have {', '.join(traits.schedulers)}"
            )
        if self.grid_px % traits.grid_px:
            raise ValueError(f"grid_px is {self.grid_px}: for this family it has to be a multiple of {traits.grid_px}")
        if self.quantise and traits.alone:
            raise ValueError("quantise is set: models of this family are not taken apart")
        if self.trainable and not traits.trainable:
            raise ValueError("trainable is true: subjects of this family cannot be trained")
        return self

    @property
    def grain_px(self) -> int:
        """What members' sides are multiples of: the model's own grid, and 64 for models of 512 px and more."""
        return max(self.grid_px, 64 if min(self.width_px, self.height_px) >= 512 else 0)

    def finished_px(self, width_px: int, height_px: int) -> tuple[int, int]:
        """Return the size of the files that members get of pictures that are generated in this size."""
        return width_px * self.upscale, height_px * self.upscale


class SpeechModel(_ModelSpec):
    """A Whisper model: a folder or hub id with `model.safetensors` (or CTranslate2's `model.bin`), or OpenAI's .pt."""

    family: Literal["auto", "whisper", "faster-whisper"] = "auto"  # auto: CTranslate2 on a CPU where its file is there
    languages: Literal["all", "en"] = "all"
    precision: Literal["", "int8", "int8_float16", "float16", "float32"] = ""  # of CTranslate2; empty: int8 on a CPU
    whole_windows: bool = False  # decode short clips as half a minute too, as openai-whisper does: slower, same words


class UpscaleModel(_ModelSpec):
    """A network that enlarges pictures: a safetensors file, or a folder or hub repository that holds it."""

    file: str = Field(
        default="", pattern=r"^([\w.-]+\.safetensors)?$"
    )  # in the folder or repository; empty: the only one
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")  # of the file, compared as it is loaded; empty: not
    scale: int = Field(ge=2, le=8)  # how many times as wide and high a picture becomes
    tile_px: int = Field(default=0, ge=0, le=4096)  # side of what is enlarged at once, before it is; 0: by the device
    credits: int = Field(default=1, ge=1)  # for each four megapixels of the result that are begun

    @property
    def folder(self) -> Path | None:
        """The local folder or file of the network, or None for a hub id."""
        return BUILTIN_WEIGHTS / "upscaler" if self.source == "builtin" else super().folder

    @model_validator(mode="after")
    def _hub_ids_name_their_file(self) -> "UpscaleModel":
        if self.folder is None and not self.file:
            raise ValueError(
                f"model '{self.name}': of a hub id, only one file is fetched. Put its name into file, such as "
                "'4x-example.safetensors'."
            )
        if 0 < self.tile_px < TILE_MIN_PX:
            raise ValueError(f"model '{self.name}': tile_px is at least {TILE_MIN_PX}, or 0 to leave it to the device.")
        return self


class CheckerModel(_ModelSpec):
    """An image classifier that finished pictures are shown to: transformers' layout, or Stable Diffusion's own."""

    labels: dict[str, Annotated[float, Field(allow_inf_nan=False)]] = Field(
        min_length=1
    )  # those that flag a picture, each above which score; none is above NaN or infinity

    @model_validator(mode="after")
    def _what_does_not_apply(self) -> "CheckerModel":
        if self.source == "builtin":
            raise ValueError(f"checker '{self.name}': none is built in; source is a folder or a hub id.")
        if self.must_accept:
            raise ValueError(
                f"checker '{self.name}': members do not use it, so they cannot be asked to accept a licence."
            )
        return self


AnyModel = ImageModel | SpeechModel | UpscaleModel  # those that members use


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All models by name, in the file's order; the first of each kind is the default."""

    images: tuple[ImageModel, ...]
    speech: tuple[SpeechModel, ...]
    upscalers: tuple[UpscaleModel, ...] = ()
    checkers: tuple[CheckerModel, ...] = ()  # every picture is shown to each of them
    loras: tuple[LoraModel, ...] = ()  # styles, which go into pictures beside a model
    vocabularies: Mapping[str, Vocabulary] = field(default_factory=dict)  # of small models, by their names

    def image(self, name: str) -> ImageModel:
        """Return the picture model of that name.

        Raises:
            UnknownModel: there is none.
        """
        return _named(self.images, name)

    def speech_model(self, name: str) -> SpeechModel:
        """Return the speech model of that name.

        Raises:
            UnknownModel: there is none.
        """
        return _named(self.speech, name)

    def upscaler(self, name: str) -> UpscaleModel:
        """Return the upscaler of that name.

        Raises:
            UnknownModel: there is none.
        """
        return _named(self.upscalers, name)

    def lora(self, name: str) -> LoraModel:
        """Return the LoRA of that name.

        Raises:
            UnknownStyle: there is none; the message names the nearest.
        """
        for lora in self.loras:
            if lora.name == name:
                return lora
        near = did_you_mean(name, [lora.name for lora in self.loras])
        raise UnknownStyle(f"There is no style {name!r} here.{near or ' `/styles` shows them all.'}")


def all_names(catalogue: Catalogue) -> list[str]:
    """Return the names of all models, of whatever kind."""
    kinds = (catalogue.images, catalogue.speech, catalogue.upscalers, catalogue.checkers)
    return [model.name for kind in kinds for model in kind] + [lora.name for lora in catalogue.loras]


Spec = TypeVar("Spec", ImageModel, SpeechModel, UpscaleModel, CheckerModel)
Entry = TypeVar("Entry", bound=BaseModel)


def _named(models: Iterable[Spec], name: str) -> Spec:
    for model in models:
        if model.name == name:
            return model
    raise UnknownModel


def read_catalogue(file: Path = DEFAULT_FILE) -> Catalogue:
    """Read and check a catalogue file.

    Raises:
        ModelUnusable: the file is missing or an entry in it is wrong; the message names the lines and fields.
    """
    try:
        text, data = read_toml(file)
    except ValueError as error:
        raise ModelUnusable(f"The catalogue {file} cannot be used: {error}.") from error
    wrong: list[str] = []
    images = _read_models(text, data, "image", ImageModel, wrong)
    speech = _read_models(text, data, "speech", SpeechModel, wrong)
    upscalers = _read_models(text, data, "upscaler", UpscaleModel, wrong)
    checkers = _read_models(text, data, "checker", CheckerModel, wrong)
    loras = _read_models(text, data, "lora", LoraModel, wrong)
    if wrong:
        raise ModelUnusable(f"The catalogue {file} cannot be used: {'; '.join(wrong)}")
    names = [model.name for model in (*images, *speech, *upscalers, *checkers)] + [lora.name for lora in loras]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ModelUnusable(f"The catalogue {file.name} names {', '.join(sorted(twice))} twice.")
    if not images:
        raise ModelUnusable(f"The catalogue {file.name} has no [[image]] model.")
    read = {model.name: read_vocabulary(model.folder) for model in images}
    vocabularies = {name: vocabulary for name, vocabulary in read.items() if vocabulary is not None}
    return Catalogue(
        images=images,
        speech=speech,
        upscalers=upscalers,
        checkers=checkers,
        loras=loras,
        vocabularies=vocabularies,
    )


def _read_models(text: str, data: dict[str, Any], table: str, kind: type[Entry], wrong: list[str]) -> tuple[Entry, ...]:
    """Return the models of one kind; add what is wrong with the others to `wrong`."""
    specs = data.get(table, [])
    if not isinstance(specs, list):
        wrong.append(f"write [[{table}]] with two brackets")
        return ()
    models = []
    for number, spec in enumerate(specs):
        try:
            models.append(kind.model_validate(spec))
        except ValidationError as error:
            wrong += mistakes(text, error.errors(), {table: tuple(kind.model_fields)}, at=(table, number))
    return tuple(models)
