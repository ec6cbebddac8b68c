"""From what a member typed to an `ImageRequest`. Pure."""

from dataclasses import dataclass, replace

from bot.features.imagine.parameters import PARAMETERS
from bot.features.imagine.prompt import PROMPT_MAX, parse_prompt, parse_whole
from bot.features.imagine.sizes import parse_size
from bot.features.imagine.tuning import check_hd, chosen_guidance, chosen_steps, chosen_strength
from bot.shared.errors import BadParameter
from bot.shared.files.downloads import RemoteFile
from bot.shared.text.formatting import clean
from inference.catalogue import Catalogue, ImageModel
from inference.families import FAMILIES
from inference.requests import ImageRequest, InitPicture

COUNT_DEFAULT = 4
COUNT_MAX = 4
SEED_MAX = 2**32 - 1


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
    strength: int | str | None = None  # percent of the picture that changes
    weight: str | None = None  # of the picture, as Midjourney counts it
    quality: str | None = None  # how many of the model's steps, as a factor
    draft: str | None = None  # '': half of them
    stylize: str | None = None
    chaos: str | None = None
    raw: str | None = None  # '': nothing is added to the prompt
    hd: str | None = None  # '': pictures that can be upscaled
    image: RemoteFile | str | None = None  # to begin from or to edit; the file key of one that is kept already
    repeat: str | None = None  # how many jobs of it
    pace: str | None = None  # fast or relaxed


def image_request(options: ImagineOptions, catalogue: Catalogue, *, random_seed: int) -> ImageRequest:
    """Turn options into a request: read trailing parameters, fill in the model's defaults, check the bounds.

    Raises:
        BadParameter: something cannot be used; the message says what and what would do.
        UnknownModel: there is no model of that name.
    """
    options = with_trailing(options)
    model = catalogue.image(options.model.strip()) if options.model else catalogue.images[0]
    negative = clean(options.negative or "")
    if len(negative) > PROMPT_MAX:
        raise BadParameter(
            f"`negative` has {len(negative)} characters, and the limit is {PROMPT_MAX}. Please shorten it."
        )
    check_hd(options.hd, catalogue)
    edits = _edits(options, model)
    width_px, height_px = parse_size(options.aspect, model) if options.aspect else (model.width_px, model.height_px)
    return ImageRequest(
        parameters=shown_parameters(options),
        prompt=options.prompt,
        negative=negative,
        model=model.name,
        width_px=width_px,
        height_px=height_px,
        count=parse_whole("count", options.count, 1, COUNT_MAX, COUNT_DEFAULT),
        steps=chosen_steps(model, steps=options.steps, quality=options.quality, draft=options.draft),
        guidance=chosen_guidance(model, guidance=options.guidance, stylize=options.stylize, chaos=options.chaos),
        seed=parse_whole("seed", options.seed, 0, SEED_MAX, random_seed),
        init=None if edits else _init(options, model),
        references=(_key(options),) if edits else (),
    )


def _edits(options: ImagineOptions, model: ImageModel) -> bool:
    """Return whether the words say what to do with a picture: the model understands that, and no strength is given."""
    said = options.strength is not None or options.weight is not None
    return options.image is not None and not said and FAMILIES[model.family].references_max > 0


def _key(options: ImagineOptions) -> str:
    """Return the file key of the picture; one that has yet to be fetched has none."""
    return options.image if isinstance(options.image, str) else ""


def _init(options: ImagineOptions, model: ImageModel) -> InitPicture | None:
    """Return what the pictures begin from."""
    if options.image is None:
        if options.strength is not None:
            raise BadParameter("`strength` is how much of an `image` changes. Please add one, or leave `strength` out.")
        if options.weight is not None:
            raise BadParameter("`--iw` is how much an `image` counts. Please add one, or leave `--iw` out.")
        return None
    if not FAMILIES[model.family].from_pictures:
        raise BadParameter(f"{model.title} can't begin from an `image`. Please choose another `model`.")
    strength = chosen_strength(strength=options.strength, weight=options.weight)
    return InitPicture(key=_key(options), strength=strength)


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
    for name in parsed.values:
        if getattr(options, name) is not None:
            raise BadParameter(f"`{name}` is set twice, as an option and in the prompt. Please keep one.")
    return replace(options, prompt=parsed.text, **parsed.values)
