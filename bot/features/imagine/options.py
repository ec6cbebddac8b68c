"""From what a member typed to an `ImageRequest`. Pure."""

from dataclasses import dataclass, replace
from typing import Any

from bot.features.imagine.parameters import PARAMETERS
from bot.features.imagine.prompt import PROMPT_MAX, parse_prompt, parse_whole
from bot.features.imagine.sizes import parse_size
from bot.features.imagine.styles import check_styles, chosen_styles, model_of, say_styles
from bot.features.imagine.tuning import (
    BLEND_STRENGTH,
    LAYOUT_STRENGTH,
    STRENGTH_DEFAULT,
    check_hd,
    chosen_guidance,
    chosen_steps,
    chosen_strength,
)
from bot.shared.errors import BadParameter
from bot.shared.files.downloads import RemoteFile
from bot.shared.text.formatting import clean
from inference.catalogue import Catalogue, ImageModel
from inference.families import FAMILIES
from inference.requests import ImageRequest, InitPicture, PictureOrigin

COUNT_DEFAULT = 4
COUNT_MAX = 4
SEED_MAX = 2**32 - 1
BLEND = "Blend these pictures into one"  # what is asked for with several pictures and no words
EDITED = "Edit by words"  # of a finished picture, as cards and `/history` call it
BEGUN = "Image to image, strength {}%"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPicture:
    """A picture that is kept already."""

    key: str  # its file key
    flags: tuple[str, ...] = ()  # by its check
    job_id: str = ""  # the finished job that made it; empty: its member sent it for an earlier one
    number: int = 0  # of the picture in that job, from 1
    also: tuple[str, ...] = ()  # file keys of others that the prompt speaks of as well
    average_of: int = 1  # pictures
    size_px: tuple[int, int] | None = None  # None: not known


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagineOptions:
    """The options of /imagine: None where one was left out, text where it came from a trailing parameter."""

    prompt: str
    negative: str | None = None
    count: int | str | None = None
    aspect: str | None = None
    steps: int | str | None = None
    guidance: float | str | None = None
    seed: int | str | None = None
    model: str | None = None
    subject: str | None = None  # as typed, such as 'Rex, Blob:0.8'
    style: str | None = None  # as typed, such as 'ink, pixel-art:0.8'
    strength: int | str | None = None  # percent of the picture that changes
    weight: str | None = None  # of the picture, as Midjourney counts it
    quality: str | None = None  # how many of the model's steps, as a factor
    draft: str | None = None  # '': half of them
    stylize: str | None = None
    chaos: str | None = None
    raw: str | None = None  # '': nothing is added to the prompt
    hd: str | None = None  # '': pictures that can be upscaled
    image: RemoteFile | KeptPicture | None = None  # to begin from or to edit
    also: tuple[RemoteFile, ...] | None = None  # more pictures, which are blended with `image`
    keeps_layout: bool | None = None  # true: it gives its ratio, and less of it changes where no strength is said
    repeat: str | None = None  # how many jobs of it
    pace: str | None = None  # fast or relaxed


def image_request(options: ImagineOptions, catalogue: Catalogue, *, random_seed: int) -> ImageRequest:
    """Turn options into a request: read trailing parameters, fill in the model's defaults, check the bounds.

    Raises:
        BadParameter: something cannot be used; the message says what and what would do.
        UnknownModel: there is no model of that name.
    """
    options = with_trailing(options)
    styles = chosen_styles(options.style, catalogue)
    model = catalogue.image(options.model.strip()) if options.model else model_of(styles, catalogue)
    check_styles(styles, model, catalogue)
    negative = clean(options.negative or "")
    if len(negative) > PROMPT_MAX:
        raise BadParameter(
            f"`negative` has {len(negative)} characters, and the limit is {PROMPT_MAX}. Please shorten it."
        )
    check_hd(options.hd, catalogue)
    width_px, height_px = parse_size(options.aspect, model) if options.aspect else (model.width_px, model.height_px)
    request = ImageRequest(
        parameters=shown_parameters(options),
        prompt=say_styles(options.prompt, styles),
        typed=options.prompt if styles else "",
        loras=tuple(style.use for style in styles),
        negative=negative,
        model=model.name,
        width_px=width_px,
        height_px=height_px,
        count=parse_whole("count", options.count, 1, COUNT_MAX, COUNT_DEFAULT),
        steps=chosen_steps(model, steps=options.steps, quality=options.quality, draft=options.draft),
        guidance=chosen_guidance(model, guidance=options.guidance, stylize=options.stylize, chaos=options.chaos),
        seed=parse_whole("seed", options.seed, 0, SEED_MAX, random_seed),
    )
    return _with_picture(request, options, model)


def _edits(options: ImagineOptions, model: ImageModel, number: int) -> bool:
    """Return whether the words say what to do with pictures: the model understands that, and no strength is given."""
    said = options.strength is not None or options.weight is not None
    return not said and number <= FAMILIES[model.family].references_max


def _with_picture(request: ImageRequest, options: ImagineOptions, model: ImageModel) -> ImageRequest:
    """Add the picture that is edited or begun from; one that has yet to be fetched has no key."""
    if options.image is None:
        if options.strength is not None:
            raise BadParameter("`strength` is how much of an `image` changes. Please add one, or leave `strength` out.")
        if options.weight is not None:
            raise BadParameter("`--iw` is how much an `image` counts. Please add one, or leave `--iw` out.")
        return request
    image = options.image if isinstance(options.image, KeptPicture) else KeptPicture(key="")
    number = 1 + len(image.also) + len(options.also or ())
    if image.average_of == 1 and _edits(options, model, number):
        references = (image.key, *image.also, *("" for _ in options.also or ()))
        return replace(request, references=references, reference_flags=image.flags, origin=_origin(image, EDITED))
    if image.also:
        raise BadParameter("Those pictures were blended by a model that saw each. Please use `/blend` with them again.")
    if not FAMILIES[model.family].from_pictures:
        raise BadParameter(f"{model.title} can't begin from an `image`. Please choose another `model`.")
    default = LAYOUT_STRENGTH if options.keeps_layout else BLEND_STRENGTH if number > 1 else STRENGTH_DEFAULT
    strength = chosen_strength(strength=options.strength, weight=options.weight, default=default)
    average_of = image.average_of if number == 1 else number
    init = InitPicture(key=image.key, strength=strength, flags=image.flags, average_of=average_of)
    request = replace(request, init=init, origin=_origin(image, BEGUN.format(round(100 * strength))))
    return replace(request, prompt="", typed=BLEND) if options.prompt == BLEND else request


def _origin(image: KeptPicture, change: str) -> PictureOrigin | None:
    """Say which finished picture was used, and how."""
    return PictureOrigin(job_id=image.job_id, picture=image.number, change=change) if image.job_id else None


def shown_parameters(options: ImagineOptions) -> tuple[str, ...]:
    """Return the options that were chosen as they could have been typed behind the prompt."""
    typed = ((one.names[0], getattr(options, one.option)) for one in PARAMETERS)
    return tuple(f"--{name} {clean(str(value))}".rstrip() for name, value in typed if value is not None)


def with_trailing(options: ImagineOptions) -> ImagineOptions:
    """Return the options with the parameters that trail the prompt read into them.

    Raises:
        BadParameter: as `parse_prompt`; or something is set twice.
    """
    parsed = parse_prompt(options.prompt)
    values: dict[str, Any] = dict(parsed.values)
    for name in values:
        if getattr(options, name) is not None:
            raise BadParameter(f"`{name}` is set twice, as an option and in the prompt. Please keep one.")
    return replace(options, prompt=parsed.text, **values)
