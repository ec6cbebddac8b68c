"""Which upscaler fits a picture, and how often it has to run. Pure."""

from dataclasses import dataclass

from inference.catalogue import Catalogue, UpscaleModel
from inference.requests import ImageRequest, UpscaleRequest

ROUNDS_MAX = 3


@dataclass(frozen=True, slots=True)
class FittingUpscaler:
    """An upscaler, and how many rounds of it make a picture larger than it is."""

    model: UpscaleModel
    rounds: int


def fitting_upscaler(
    catalogue: Catalogue, image: ImageRequest, finished_px: tuple[int, int], *, result_px_max: int
) -> FittingUpscaler | None:
    """Return the catalogue's first upscaler whose result is larger than a picture and not too large; None: none fits.

    The picture of a small model was enlarged for the chat without a network. It is enlarged anew from the size in which
    it was generated, for what is sharp there is blurred since: with more rounds, so that the result is larger than what
    its member has seen.

    Args:
        catalogue: the upscalers there are.
        image: what the picture was generated from.
        finished_px: width and height of its file.
        result_px_max: pixels of the largest result.
    """
    seen = max(1, finished_px[0] // image.width_px)
    for model in catalogue.upscalers:
        rounds = next((one for one in range(1, ROUNDS_MAX + 1) if model.scale**one > seen), None)
        if rounds and image.width_px * image.height_px * model.scale ** (2 * rounds) <= result_px_max:
            return FittingUpscaler(model, rounds)
    return None


def upscale_request(
    fitting: FittingUpscaler,
    image: ImageRequest,
    *,
    job_id: str,
    number: int,
    picture: str,
    flags: tuple[str, ...] = (),
) -> UpscaleRequest:
    """Return the request that enlarges a picture.

    Args:
        fitting: by which upscaler.
        image: what it was generated from.
        job_id: which job made it.
        number: which of that job's pictures, from 1.
        picture: its file key.
        flags: the labels by which a checker flagged it.
    """
    return UpscaleRequest(
        picture=picture,
        of_job_id=job_id,
        of_picture=number,
        model=fitting.model.name,
        scale=fitting.model.scale,
        rounds=fitting.rounds,
        width_px=image.width_px,
        height_px=image.height_px,
        words=image.words,
        subjects=image.subjects,
        flags=flags,
    )
