"""What operators decided, licences, and age: what keeps a request from being taken, before anything is paid for."""

import re
from collections.abc import Iterable

from bot.shared.errors import AgeRestricted, Banned, ChannelClosed, Paused, WordBlocked
from bot.shared.services import Services
from bot.shared.text.folding import readings
from bot.shared.text.quoting import inline
from db.moderation.decisions import Decision
from db.moderation.licences import has_accepted
from db.moderation.moderation import Policy
from db.queue.job import Job
from inference.catalogue import Catalogue, ImageModel, SpeechModel
from inference.requests import ImageRequest, Request, TrainRequest, TranscribeRequest

PAUSED = "I'm paused: {}\nJobs in the queue are kept, and nothing is charged."


def check_place(policy: Policy) -> None:
    """Check whether anything is taken from a member, here and now.

    Raises:
        Paused, Banned, ChannelClosed: it is not.
    """
    if policy.banned:
        raise Banned
    if not policy.channel_open:
        raise ChannelClosed
    if policy.notice is not None:
        raise Paused(PAUSED.format(policy.notice) if policy.notice else None)


def check_words(text: str, policy: Policy) -> None:
    """Check what a member writes for others to see.

    Raises:
        WordBlocked: it has a word in it that is not used here.
    """
    if word := blocked_word(text, policy.words):
        raise WordBlocked(f"The word {inline(word)} is blocked here. Nothing was charged; try again without it.")


def check_age(model: ImageModel | SpeechModel, *, age_restricted: bool) -> None:
    """Check whether a model may be used in such a channel.

    Raises:
        AgeRestricted: it may not.
    """
    if isinstance(model, ImageModel) and model.age_restricted and not age_restricted:
        raise AgeRestricted(
            f"{model.title} works only in age-restricted channels. Use it there, or choose another `model`."
        )


def is_for_adults(services: Services, job: Job) -> bool:
    """Tell whether a job's pictures belong in age-restricted channels: it was asked for there, or its model is such."""
    return job.age_restricted or any(
        model.name == job.model and model.age_restricted for model in services.catalogue.images
    )


async def wants_licence(services: Services, model: ImageModel | SpeechModel, user_id: int) -> bool:
    """Tell whether a member has to accept a model's licence first, as it is now."""
    return model.must_accept and not await services.db.read(has_accepted, user_id, model.name, model.licence)


def model_of(catalogue: Catalogue, request: Request) -> ImageModel | SpeechModel:
    """Return the model that a request is for.

    Raises:
        UnknownModel: the catalogue has no such model (any more).
    """
    if isinstance(request, TranscribeRequest):
        return catalogue.speech_model(request.model)
    return catalogue.image(request.model)


def words_of(request: Request) -> str:
    """Return what a member typed that should be seen, not what they want kept out of it."""
    if isinstance(request, ImageRequest):
        return request.prompt
    if isinstance(request, TrainRequest):
        return f"{request.name} {request.class_noun}"
    return ""


def blocked_word(text: str, words: Iterable[Decision]) -> str | None:
    """Return the first blocked word that stands in a text on its own, as it was typed by the operator."""
    read = readings(text)
    for word in words:
        patterns = [re.compile(rf"(?<!\w){re.escape(one)}(?!\w)") for one in readings(word.value) if one]
        if any(pattern.search(one) for pattern in patterns for one in read):
            return word.value
    return None
