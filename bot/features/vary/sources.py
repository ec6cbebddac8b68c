"""What a finished picture was drawn from, and what of it new ones are drawn from."""

from dataclasses import replace

from bot.shared.errors import Refused
from bot.shared.services import Services
from db.queue.finding import find_job
from db.queue.job import Job
from inference.catalogue import ImageModel
from inference.families import FAMILIES
from inference.requests import ImageRequest, UpscaleRequest, from_json

NOT_KEPT = "I no longer have what that picture was drawn from, so I can't vary it."
SMALL_MODELS_STRENGTH = 0.5  # of what is drawn around a picture


async def drawn_from(services: Services, job: Job) -> ImageRequest:
    """Return what a job's pictures were drawn from; those of an upscaled one are its source's.

    The words of what a small model drew around a picture are those of that picture.

    Raises:
        Refused: that is not kept any more, or they were not drawn.
    """
    request = from_json(job.request)
    if isinstance(request, UpscaleRequest):
        source = await services.db.read(find_job, request.of_job_id)
        request = from_json(source.request) if source is not None else request
    if not isinstance(request, ImageRequest):
        raise Refused(NOT_KEPT)
    if request.prompt:
        return request
    source = await services.db.read(find_job, request.origin.job_id) if request.origin is not None else None
    if source is None:  # without the words that call subjects
        return replace(request, prompt=request.words, typed="")
    words = await drawn_from(services, source)
    return replace(request, prompt=words.prompt, typed=words.typed)


def check_model(services: Services, image: ImageRequest) -> ImageModel:
    """Return the model of a request, if it can begin from a picture.

    Raises:
        Refused: it cannot.
        UnknownModel: there is none of that name any more.
    """
    model = services.catalogue.image(image.model)
    if not FAMILIES[model.family].from_pictures:
        raise Refused(f"{model.title} can't begin from a picture, so I can't vary what it drew.")
    return model


def with_words(image: ImageRequest, words: str) -> ImageRequest:
    """Return a request with other words; its subjects stay where the words that it had are still among them."""
    if image.words and image.words in words:
        prompt = words.replace(image.words, image.prompt)
        return replace(image, prompt=prompt, typed=words if prompt != words else "")
    parameters = tuple(one for one in image.parameters if not one.startswith("--subject "))
    return replace(image, prompt=words, typed="", subjects=(), parameters=parameters)


def without_words(image: ImageRequest) -> ImageRequest:
    """Return a request of a small model so that what it draws around a picture is mostly more of the background.

    Such a model draws one thing in the middle: told its name, it would draw a second one around the first.
    """
    if image.init is None or not any(image.init.margins_px):
        return image
    return replace(image, prompt="", typed=image.words, init=replace(image.init, strength=SMALL_MODELS_STRENGTH))
