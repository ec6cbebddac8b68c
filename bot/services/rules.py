"""The house's rules for a request: what operators decided, licences, and age. Checked before anything is paid for."""

import re
from collections.abc import Iterable

from bot.services.errors import AgeRestricted, Banned, ChannelClosed, LicenceNeeded, Paused, WordBlocked
from bot.services.folding import readings
from bot.services.origin import Origin
from bot.services.quoting import inline
from bot.services.studio import Studio
from db.house import Decision, Standing
from db.jobs import Job
from inference.catalogue import ImageModel, SpeechModel
from inference.requests import ImageRequest, Request, TrainRequest, TranscribeRequest

PAUSED = "I am paused: {}\nWhat waits is kept, and nothing is charged."


async def check_place(studio: Studio, origin: Origin) -> Standing:
    """Check whether anything is taken from this member, here and now.

    Raises:
        Paused, Banned, ChannelClosed: it is not.
    """
    standing = await _standing(studio, origin)
    if standing.banned:
        raise Banned
    if not standing.channel_open:
        raise ChannelClosed
    if standing.notice is not None:
        raise Paused(PAUSED.format(standing.notice) if standing.notice else None)
    return standing


async def check_rules(studio: Studio, request: Request, origin: Origin) -> None:
    """Check a request against everything that operators decided.

    Raises:
        Paused, Banned, ChannelClosed: nothing is taken here.
        WordBlocked: it has a word in it that is not drawn here.
        AgeRestricted, LicenceNeeded: its model asks for something first.
    """
    standing = await check_place(studio, origin)
    _refuse_words(words_of(request), standing)
    model = model_of(studio, request)
    if isinstance(model, ImageModel) and model.age_restricted and not origin.age_restricted:
        raise AgeRestricted(f"{model.title} is for age-restricted channels only.")
    await check_licence(studio, model, origin.user_id)


def is_for_adults(studio: Studio, job: Job) -> bool:
    """Tell whether a job's pictures belong in age-restricted channels: it was asked for there, or its model is such."""
    return job.age_restricted or any(
        model.name == job.model and model.age_restricted for model in studio.catalogue.images
    )


async def check_licence(studio: Studio, model: ImageModel | SpeechModel, user_id: int) -> None:
    """Check that a member accepted a model's licence, if it wants that.

    Raises:
        LicenceNeeded: not yet, or not as it is now.
    """
    if model.must_accept and not await studio.house.has_accepted(user_id, model.name, model.licence):
        raise LicenceNeeded(model)


async def check_words(studio: Studio, text: str, origin: Origin) -> None:
    """Check what a member writes for others to see, where it is no request: the name of a subject.

    Raises:
        WordBlocked: it has a word in it that is not used here.
    """
    _refuse_words(text, await _standing(studio, origin))


def model_of(studio: Studio, request: Request) -> ImageModel | SpeechModel:
    """Return the model that a request is for.

    Raises:
        UnknownModel: the catalogue has no such model (any more).
    """
    if isinstance(request, TranscribeRequest):
        return studio.catalogue.speech_model(request.model)
    return studio.catalogue.image(request.model)


def words_of(request: Request) -> str:
    """Return what a member typed that should be seen, not what they want kept out of it."""
    if isinstance(request, ImageRequest):
        return request.prompt
    if isinstance(request, TrainRequest):
        return f"{request.name} {request.class_noun}"
    return ""


async def _standing(studio: Studio, origin: Origin) -> Standing:
    here = {origin.channel_id} | ({origin.parent_id} if origin.parent_id else set())
    return await studio.house.standing(
        origin.user_id, guild_id=origin.guild_id, channel_ids=here, only_guild_id=origin.only_guild_id
    )


def _refuse_words(text: str, standing: Standing) -> None:
    if word := blocked_word(text, standing.words):
        raise WordBlocked(f"The word {inline(word)} is not used here. Nothing was charged; try it without.")


def blocked_word(text: str, words: Iterable[Decision]) -> str | None:
    """Return the first blocked word that stands in a text on its own, as it was typed by the operator."""
    read = readings(text)
    for word in words:
        patterns = [re.compile(rf"(?<!\w){re.escape(one)}(?!\w)") for one in readings(word.value) if one]
        if any(pattern.search(one) for pattern in patterns for one in read):
            return word.value
    return None
