"""Voice into text: a clip that somebody sent, or one that was heard before, heard in another way."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from bot.features.voice.languages import language_name
from bot.features.voice.voice import has_opted_out, transcript_request
from bot.shared.errors import BadParameter, JobGone, Refused
from bot.shared.files.clips import Attached
from bot.shared.orders.asked import Asked
from bot.shared.orders.context import RequestContext
from bot.shared.services import Studio
from db.file_keys import clip_file
from inference.catalogue import SpeechModel
from inference.requests import Request, TranscribeRequest


class SpeakerOptedOut(Refused):
    """Somebody else is heard, who opted out of being transcribed."""

    message = "That member does not want their voice messages transcribed."


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscribeOptions:
    """How a clip should be heard."""

    language: str | None = None  # its code; None: detect
    translate: bool = False  # to English
    timestamps: bool = False  # of each word


class _Heard(Asked):
    """What both ways to have a clip heard share."""

    __slots__ = ()
    relaxes: ClassVar[bool] = True

    @property
    def fetches(self) -> bool:
        """Whether something has to be fetched for it."""
        return True

    async def forget(self, studio: Studio, interaction_id: int) -> None:
        """Throw the clip away."""
        await studio.clips.forget(clip_file(interaction_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipAsked(_Heard):
    """A clip as the platform describes it. It is checked and priced first, as far as that goes, then fetched."""

    what: Literal["clip"] = "clip"
    attached: Attached
    options: TranscribeOptions = TranscribeOptions()
    speaker_id: int | None = None  # who is heard, where that is known

    @property
    def price_known(self) -> bool:
        """Whether the platform knows how long it is."""
        return self.attached.duration_s is not None

    def turn(self, studio: Studio, user_id: int) -> AbstractAsyncContextManager[None]:
        """Return the context in which one of a member's clips is fetched at a time."""
        return studio.clips.turns.of(user_id)

    async def build(self, studio: Studio, context: RequestContext) -> TranscribeRequest:
        """Return the request, without its clip.

        Raises:
            SpeakerOptedOut: somebody else's voice, who does not want that.
            NothingToHear, TooLong, TooLarge, BadParameter: it cannot be heard like this.
        """
        await _check_speaker(studio, self.speaker_id, context)
        studio.clips.check(self.attached)
        return _request(studio, self.options, self.attached.duration_s or 0.0, self.speaker_id)

    async def fetch(
        self, studio: Studio, request: Request, context: RequestContext
    ) -> tuple["ClipAsked", TranscribeRequest]:
        """Fetch the clip; only then it is always known how long it is.

        Raises:
            NotFetched, TooLargeToFetch, AudioRejected: there is none, or no sound in it.
        """
        assert isinstance(request, TranscribeRequest)
        key, duration_s = await studio.clips.take_in(self.attached, context.interaction_id)
        asked = replace(self, attached=replace(self.attached, duration_s=duration_s))
        return asked, replace(request, audio=key, duration_s=duration_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipAgainAsked(_Heard):
    """A job's clip heard once more in another way, as a job of its own."""

    what: Literal["clip_again"] = "clip_again"
    job_id: str
    options: TranscribeOptions

    async def build(self, studio: Studio, context: RequestContext) -> TranscribeRequest:
        """Return the request, with the first job's clip.

        Raises:
            JobGone: that job is no longer there.
            SpeakerOptedOut: somebody else's voice, who does not want that any more.
        """
        if (job := await studio.jobs.get(self.job_id)) is None:
            raise JobGone
        first = transcript_request(job)
        await _check_speaker(studio, first.speaker_id or job.user_id, context)
        request = _request(studio, self.options, first.duration_s, first.speaker_id)
        return replace(request, audio=first.audio)

    async def fetch(
        self, studio: Studio, request: Request, context: RequestContext
    ) -> tuple["ClipAgainAsked", TranscribeRequest]:
        """Copy the clip, for each job owns the one that it reads.

        Raises:
            ClipGone: the sound is not kept any more.
        """
        assert isinstance(request, TranscribeRequest)
        return self, replace(request, audio=await studio.clips.copy(request.audio, context.interaction_id))

    def source(self) -> str | None:
        """Return the id of the job that heard it first."""
        return self.job_id


async def _check_speaker(studio: Studio, speaker_id: int | None, context: RequestContext) -> None:
    if speaker_id not in (None, context.user_id) and await has_opted_out(studio, speaker_id):
        raise SpeakerOptedOut


def _request(
    studio: Studio, options: TranscribeOptions, duration_s: float, speaker_id: int | None
) -> TranscribeRequest:
    model = _model(studio)
    if model.languages == "en" and (options.translate or options.language not in (None, "en")):
        wanted = language_name(options.language) if options.language else "other languages"
        raise BadParameter(f"{model.title} understands only English, not {wanted}.")
    return TranscribeRequest(
        audio="",
        duration_s=duration_s,
        model=model.name,
        language=options.language,
        translate=options.translate,
        word_timestamps=options.timestamps,
        speaker_id=speaker_id,
    )


def _model(studio: Studio) -> SpeechModel:
    if not studio.catalogue.speech:
        raise BadParameter("I can't transcribe here yet. Whoever runs me has to set up a speech model first.")
    return studio.catalogue.speech[0]
