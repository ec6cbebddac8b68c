"""What somebody can ask for: frozen requests, and their JSON form for the database."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """The kinds of job. The value is what the database stores."""

    IMAGE = "image"
    TRAIN = "train"
    TRANSCRIBE = "transcribe"
    UPSCALE = "upscale"


@dataclass(frozen=True, slots=True)
class SubjectUse:
    """A trained subject put into a picture."""

    subject_id: str
    weight: float = 1.0  # the adapter's scale; 0 is off, 1 is as trained
    trigger: str = ""  # the words that call it, put into the prompt where they are missing

    @property
    def lora_name(self) -> str:
        """The name of its file where it is exported, without the ending: the word that nothing else has."""
        return self.trigger.split()[0] if self.trigger.strip() else self.subject_id

    @property
    def lora_tag(self) -> str:
        """It as AUTOMATIC1111 and others write it in a prompt."""
        return f"<lora:{self.lora_name}:{self.weight:g}>"


@dataclass(frozen=True, slots=True)
class LoraUse:
    """A LoRA of the catalogue put into a picture: what members call a style."""

    name: str
    weight: float = 1.0  # the adapter's scale; 0 is off, 1 is as trained

    @property
    def lora_name(self) -> str:
        """The name of its file to others."""
        return self.name

    @property
    def lora_tag(self) -> str:
        """It as AUTOMATIC1111 and others write it in a prompt."""
        return f"<lora:{self.name}:{self.weight:g}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class InitPicture:
    """A picture that new ones begin from, under noise. It travels as task input `picture`, a PNG."""

    key: str  # its file key
    strength: float  # how much of it is drawn anew: above 0 … 1; so much of the steps is made
    mask: str = ""  # file key of a picture of its size, task input `mask`: what is white is drawn anew; empty: all
    mask_blur_px: int = 0  # how softly what is drawn meets what is kept, in what is generated; 0: as it is decoded
    margins_px: tuple[int, int, int, int] = (0, 0, 0, 0)  # of the canvas, left, top, right, bottom: drawn around it
    average_of: int = 1  # pictures that it is the average of
    flags: tuple[str, ...] = ()  # of the picture, by its check: what comes of it has them as well


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureOrigin:
    """The finished picture that new ones are drawn from: by one of the buttons below it, or by words about it."""

    job_id: str  # the job that made it; it may be gone by now
    picture: int  # which of its pictures, from 1
    change: str  # the button's words, such as 'Vary (Subtle)', or what was done by words


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """A little of another seed's noise in a picture's own. Picture i has that of seed + i, and all one seed."""

    seed: int
    strength: float  # 0: only its own noise … 1: only the other's


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest:
    """`count` pictures of one prompt. Picture i (from 0) is generated with seed + i, unless they are variations."""

    prompt: str
    model: str  # a name in the catalogue
    width_px: int
    height_px: int
    steps: int
    guidance: float
    seed: int  # 0 … 2**32 - 1
    count: int = 4
    negative: str = ""
    subjects: tuple[SubjectUse, ...] = ()
    loras: tuple[LoraUse, ...] = ()
    init: InitPicture | None = None  # None: they begin from noise alone
    references: tuple[str, ...] = ()  # file keys of what the prompt speaks of; task inputs `reference-0` …, PNGs
    reference_flags: tuple[str, ...] = ()  # of those, by their checks: what comes of them has them as well
    variation: Variation | None = None
    origin: PictureOrigin | None = None  # None: they were asked for by words, or with a member's own picture
    typed: str = ""  # the prompt with its subjects' names where `prompt` has their triggers; empty: it is the same
    parameters: tuple[str, ...] = ()  # what else was typed, such as '--ar 3:2'; shown with the prompt
    revision: str = ""  # of the model, as the catalogue had it when this was accepted; empty: it has none
    remixed: bool = False  # it is an earlier request in other words

    @property
    def kind(self) -> Kind:
        """The kind of job."""
        return Kind.IMAGE

    @property
    def brought(self) -> tuple[str, ...]:
        """The file keys of the pictures and the mask that they are made from; '' for one that has yet to be fetched."""
        if self.init is None:
            return self.references
        return (self.init.key, *((self.init.mask,) if self.init.mask else ()), *self.references)

    def seed_of(self, index: int) -> int:
        """Return the seed of one of the pictures, counted from 0."""
        return self.seed if self.variation is not None else self.seed + index

    @property
    def flags(self) -> tuple[str, ...]:
        """What the pictures that they are made from were flagged for."""
        return (*(() if self.init is None else self.init.flags), *self.reference_flags)

    @property
    def strength(self) -> float:
        """How much of the pictures is drawn anew, 0 … 1: all of it where they begin from noise alone."""
        return 1.0 if self.init is None else self.init.strength

    @property
    def words(self) -> str:
        """The prompt as its member typed it; where that was not kept, without the rare words that call subjects."""
        if self.typed:
            return self.typed
        words = self.prompt
        for use in self.subjects:
            rare, _, noun = use.trigger.partition(" ")
            words = words.replace(use.trigger, noun or "it") if rare else words
        return words


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRequest:
    """Train a model on one subject (DreamBooth with LoRA). Photos are inputs `photo-0` …, re-encoded PNGs."""

    subject_id: str
    name: str  # what the owner calls it; shown, never used in a file name
    class_noun: str  # 'dog', 'mascot': what kind of thing it is
    trigger: str  # the rare token that stands for it, as in '<trigger> <class_noun>'
    model: str
    photos: tuple[str, ...]  # file keys, in the order given
    steps: int
    rank: int
    learning_rate: float
    seed: int
    preview_every: int  # steps between two pictures of the filmstrip, and between two checkpoints
    train_text_encoder: bool = True
    prior_weight: float = 1.0  # how much the class pictures count; 0 trains without them
    keep_photos: bool = False

    @property
    def kind(self) -> Kind:
        """The kind of job."""
        return Kind.TRAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscribeRequest:
    """Turn one clip into text. The clip travels as task input `audio`."""

    audio: str  # its file key
    duration_s: float  # as the platform stated it; the price stands on it
    model: str
    language: str | None = None  # ISO 639-1; None: detect
    translate: bool = False  # to English
    word_timestamps: bool = False
    speaker_id: int | None = None  # the member who speaks, where that is known; shown with the text

    @property
    def kind(self) -> Kind:
        """The kind of job."""
        return Kind.TRANSCRIBE


@dataclass(frozen=True, slots=True, kw_only=True)
class UpscaleRequest:
    """Enlarge a picture of an earlier job, which may be gone by then. The picture travels as task input `picture`."""

    picture: str  # its file key
    of_job_id: str  # the job that made it
    of_picture: int  # which of its pictures, from 1
    model: str  # an upscaler in the catalogue
    scale: int  # the upscaler's, as it was priced
    width_px: int  # of what is enlarged; a larger picture was enlarged without a network, and is made small again first
    height_px: int
    rounds: int = 1  # of the network, one after the other
    words: str = ""  # what the picture shows, in its member's words
    subjects: tuple[SubjectUse, ...] = ()  # in the picture; nothing is drawn with them, but it is found by them
    flags: tuple[str, ...] = ()  # of the picture, by its check: what comes of it has them as well

    @property
    def kind(self) -> Kind:
        """The kind of job."""
        return Kind.UPSCALE

    @property
    def factor(self) -> int:
        """How many times as wide and high the result is as what is enlarged."""
        return int(self.scale**self.rounds)

    @property
    def result_px(self) -> tuple[int, int]:
        """Width and height of the result."""
        return self.width_px * self.factor, self.height_px * self.factor


Request = ImageRequest | TrainRequest | TranscribeRequest | UpscaleRequest

_TYPES: dict[Kind, type[Request]] = {
    Kind.IMAGE: ImageRequest,
    Kind.TRAIN: TrainRequest,
    Kind.TRANSCRIBE: TranscribeRequest,
    Kind.UPSCALE: UpscaleRequest,
}


def to_json(request: Request) -> dict[str, Any]:
    """Return the request as JSON-ready data, its kind under `kind`."""
    return {"kind": str(request.kind), **asdict(request)}


def from_json(data: dict[str, Any]) -> Request:
    """Rebuild the request that `to_json` wrote.

    Raises:
        KeyError, TypeError, ValueError: the data is not a request of a known kind.
    """
    fields = dict(data)
    kind = Kind(fields.pop("kind"))
    if kind in (Kind.IMAGE, Kind.UPSCALE):
        fields["subjects"] = tuple(SubjectUse(**use) for use in fields.get("subjects", ()))
    if kind is Kind.IMAGE:
        fields["loras"] = tuple(LoraUse(**use) for use in fields.get("loras", ()))
        fields["parameters"] = tuple(fields.get("parameters", ()))
        fields["references"] = tuple(fields.get("references", ()))
        fields["reference_flags"] = tuple(fields.get("reference_flags", ()))
        if fields.get("init") is not None:
            init = dict(fields["init"])
            lists = {name: tuple(init[name]) for name in ("margins_px", "flags") if name in init}
            fields["init"] = InitPicture(**init | lists)
        if fields.get("variation") is not None:
            fields["variation"] = Variation(**fields["variation"])
        if fields.get("origin") is not None:
            fields["origin"] = PictureOrigin(**fields["origin"])
    if kind is Kind.TRAIN:
        fields["photos"] = tuple(fields["photos"])
    return _TYPES[kind](**fields)
