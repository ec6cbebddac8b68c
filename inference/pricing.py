"""What things cost, in whole credits. Pure; the operator's knobs come in as arguments.

One credit buys about one picture at a model's own size and step count (a catalogue entry may price itself higher), ten
training steps, half a minute of speech, or four megapixels of an upscaled picture; what has begun counts whole.
"""

import math

from inference.catalogue import Catalogue, ImageModel, UpscaleModel
from inference.families import FAMILIES
from inference.requests import ImageRequest, Kind, Request, TrainRequest, TranscribeRequest, UpscaleRequest

TRAIN_STEPS_PER_CREDIT = 10
GRID_SHARE = 0.1  # of a picture's pixels
SPEECH_SECONDS_PER_CREDIT = 30.0
UPSCALED_PX_PER_CREDIT = 4 << 20  # of the result; an upscaler may price itself higher


def price_of(request: Request, catalogue: Catalogue) -> int:
    """Price a request.

    Raises:
        UnknownModel: the catalogue has no such model.
    """
    match request:
        case ImageRequest():
            return price_image(request, catalogue.image(request.model))
        case TrainRequest():
            return price_train(request)
        case TranscribeRequest():
            return price_transcribe(request)
        case UpscaleRequest():
            return price_upscale(request, catalogue.upscaler(request.model))


def price_image(request: ImageRequest, model: ImageModel) -> int:
    """Return the credits for all pictures of a request. A step with a reference is as much work as two without."""
    steps = FAMILIES[model.family].steps_made(request.steps, request.strength)
    seen = 1 + len(request.references)
    return request.count * price_picture(request.width_px, request.height_px, steps * seen, model)


def price_picture(width_px: int, height_px: int, steps: int, model: ImageModel) -> int:
    """Price a picture by work: pixels × steps, relative to the model's own defaults, rounded up.

    What a ratio has more than the model's own pixels because sides are rounded to its grid is not paid for.

    Args:
        width_px: as it is generated.
        height_px: the same.
        steps: of denoising that are made; counted again for each picture that they look at.
        model: which generates it.

    Returns:
        Credits, at least 1.
    """
    pixels = (width_px * height_px) / (model.width_px * model.height_px)
    if 1 < pixels <= 1 + GRID_SHARE:
        pixels = 1.0
    return max(1, math.ceil(round(model.credits * pixels * steps / model.steps, 6)))


def price_train(request: TrainRequest) -> int:
    """Price a training by its steps."""
    return max(1, math.ceil(request.steps / TRAIN_STEPS_PER_CREDIT))


def price_transcribe(request: TranscribeRequest) -> int:
    """Price a clip by the half-minutes begun."""
    return max(1, math.ceil(request.duration_s / SPEECH_SECONDS_PER_CREDIT))


def price_upscale(request: UpscaleRequest, model: UpscaleModel) -> int:
    """Price an upscaled picture by the pixels that it will have."""
    width_px, height_px = request.result_px
    return model.credits * max(1, math.ceil(width_px * height_px / UPSCALED_PX_PER_CREDIT))


def owed(kind: Kind, price: int, *, done: int, total: int) -> int:
    """Return what a job costs that gave a result. What gave none costs nothing.

    A training that ended early has a result too, and costs the credits that its steps have begun: at least one, so that
    nothing is kept for nothing. Pictures and transcripts cost their price.

    Args:
        kind: of job.
        price: as quoted, in credits.
        done: units computed: denoising steps, training steps, half-minutes of sound, or tiles.
        total: units that were asked for.
    """
    if kind is not Kind.TRAIN or done >= total:
        return price
    return math.ceil(price * done / total)


def charged_without(charge: int, *, withheld: int, pictures: int) -> int:
    """Return what is charged for pictures some of which are withheld: the share of the others, rounded down.

    Args:
        charge: for all of them, in credits.
        withheld: how many are.
        pictures: how many there are.
    """
    return charge * (pictures - withheld) // pictures if withheld else charge
