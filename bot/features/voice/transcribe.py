"""Voice into text: a clip that somebody sent, or one that was heard before, heard in another way."""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from bot.features.voice.languages import language_name
from bot.features.voice.transcripts import transcript_request
from bot.shared.errors import BadParameter, JobGone, Refused
from bot.shared.files.downloads import RemoteFile
from bot.shared.orders.order_request import OrderRequest, RequestContext
from bot.shared.services import Services
from db.people.members import find_member
from db.queue.finding import find_job
from inference.requests import Request, TranscribeRequest

OPTED_OUT = "voice_opted_out"  # a member's preference


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscribeOptions:
    """How a clip should be heard."""

    language: str | None = None  # its code; None: detect
    translate: bool = False  # to English
    timestamps: bool = False  # of each word


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipOrderRequest(OrderRequest):
    """A clip as the platform describes it. It is checked and priced first, as far as that goes, then fetched."""

    relaxes: ClassVar[bool] = True
    fetches: ClassVar[bool] = True

    what: Literal["clip"] = "clip"
    attached: RemoteFile
    options: TranscribeOptions = TranscribeOptions()
    speaker_id: int | None = None  # who is heard, where that is known

    async def build(self, services: Services, context: RequestContext) -> TranscribeRequest:
        """Check speaker and clip, and return the request without its audio."""
        await check_speaker(services, self.speaker_id, context.user_id)
        services.clips.check(self.attached)
        return _request(services, self.options, self.attached.duration_s or 0.0, self.speaker_id)

    async def fetch(
        self, services: Services, request: Request, context: RequestContext
    ) -> tuple[OrderRequest, Request]:
        """Fetch the clip; only then it is always known how long it is."""
        assert isinstance(request, TranscribeRequest)
        key, duration_s = await services.clips.take_in(self.attached, context.interaction_id)
        order_request = replace(self, attached=replace(self.attached, duration_s=duration_s))
        return order_request, replace(request, audio=key, duration_s=duration_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedClipOrderRequest(OrderRequest):
    """A job's clip heard once more in another way, as a job of its own."""

    relaxes: ClassVar[bool] = True
    fetches: ClassVar[bool] = True

    what: Literal["clip_again"] = "clip_again"
    options: TranscribeOptions

    async def build(self, services: Services, context: RequestContext) -> TranscribeRequest:
        """Return the request with the first job's audio."""
        if (job := await services.db.read(find_job, self.source_job_id or "")) is None:
            raise JobGone
        first = transcript_request(job)
        await check_speaker(services, first.speaker_id or job.user_id, context.user_id)
        return replace(_request(services, self.options, first.duration_s, first.speaker_id), audio=first.audio)

    async def fetch(
        self, services: Services, request: Request, context: RequestContext
    ) -> tuple[OrderRequest, Request]:
        """Copy the clip, for each job owns the one that it reads."""
        assert isinstance(request, TranscribeRequest)
        return self, replace(request, audio=await services.clips.copy(request.audio, context.interaction_id))


async def check_speaker(services: Services, speaker_id: int | None, user_id: int) -> None:
    """Check whether a member may have somebody's voice turned into text.

    Raises:
        Refused: it is another's, who does not want that.
    """
    if speaker_id not in (None, user_id) and await has_opted_out(services, speaker_id):
        raise Refused("That member does not want their voice messages transcribed.")


def _request(
    services: Services, options: TranscribeOptions, duration_s: float, speaker_id: int | None
) -> TranscribeRequest:
    if not services.catalogue.speech:
        raise BadParameter("I can't transcribe here yet. Whoever runs me has to set up a speech model first.")
    model = services.catalogue.speech[0]
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


async def has_opted_out(services: Services, user_id: int | None) -> bool:
    """Tell whether a member does not want to be transcribed without asking for it."""
    member = await services.db.read(find_member, user_id) if user_id is not None else None
    return member is not None and bool(member.preferences.get(OPTED_OUT))
