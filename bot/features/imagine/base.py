"""What pictures are drawn from again in other words: an earlier request, of which a picture, mask and canvas stay."""

from dataclasses import dataclass, replace

from bot.features.imagine.options import ImagineOptions, KeptPicture
from bot.shared.errors import BadParameter, Refused
from bot.shared.orders.order_request import RequestContext
from bot.shared.orders.source_pictures import PictureGone, check_may_use, numbers_shown
from bot.shared.services import Services
from db.queue.finding import find_job
from db.queue.job import Job
from inference.requests import ImageRequest, UpscaleRequest, from_json

USE = "draw from it"
NOT_KEPT = "I no longer have what that picture was drawn from. Please use `/imagine` with your words."
NOT_YOUR_PICTURE = (
    "These were made from a picture that only its owner can use. *Edit prompt* lets you draw the words without it."
)
SOURCE_GONE = (
    "The picture that these were made from was deleted, so only their owner can draw from it. "
    "*Edit prompt* lets you draw the words without it."
)
SAME_SIZE = "Only a part of the picture is drawn anew here, so it keeps its size. Please leave `--ar` out."
WHOLE_PART = "Only a part of the picture is drawn anew here, but all of that. Please leave `--strength` or `--iw` out."
SAME_MODEL = "This is drawn from another picture, so it stays with the model `{}`. Please choose no other."


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """An earlier request that is drawn again in other words."""

    job_id: str  # the job below whose pictures that was asked for
    owner_id: int  # whose request it was
    image: ImageRequest
    seed: int  # of its first picture, or of the one that was upscaled
    keeps_seed: bool = False  # else a new one is drawn, where none is typed

    @property
    def picture(self) -> KeptPicture | None:
        """The picture that it was made from; None: it was made from words alone."""
        init, references, origin = self.image.init, self.image.references, self.image.origin
        if init is not None:
            kept = KeptPicture(key=init.key, flags=self.image.flags, average_of=init.average_of)
        elif references:
            kept = KeptPicture(key=references[0], also=references[1:], flags=self.image.flags)
        else:
            return None
        return replace(kept, job_id=origin.job_id, number=origin.picture) if origin is not None else kept

    @property
    def is_derived(self) -> bool:
        """Whether it was drawn from a finished picture, of which it has the size and the model."""
        return self.image.origin is not None

    def options(self, typed: ImagineOptions) -> ImagineOptions:
        """Return what was typed with what it is drawn from."""
        stays = self.is_derived and not typed.model and not typed.subject
        return replace(typed, image=self.picture, model=self.image.model if stays else typed.model)

    def changed(self, image: ImageRequest, typed: ImagineOptions) -> ImageRequest:
        """Return the request of what was typed, with what stays as it was.

        Raises:
            BadParameter: what was typed would change that.
        """
        was, image = self.image, replace(image, remixed=True)
        if not self.is_derived:
            return image
        if image.model != was.model:
            raise BadParameter(SAME_MODEL.format(was.model))
        in_part = was.init is not None and (was.init.mask or any(was.init.margins_px))
        if in_part and typed.aspect is not None:
            raise BadParameter(SAME_SIZE)
        if typed.aspect is None:
            image = replace(image, width_px=was.width_px, height_px=was.height_px)
        if typed.strength is None and typed.weight is None:
            image = replace(
                image,
                init=was.init,
                references=was.references,
                reference_flags=was.reference_flags,
                origin=was.origin,
            )
        elif in_part:
            raise BadParameter(WHOLE_PART)
        if not was.prompt and image.words == was.words:  # a small model that was told no words: it stays so
            return replace(image, prompt="", typed=was.words)
        return image


async def base_of(services: Services, job: Job, context: RequestContext, *, keeps_seed: bool = False) -> Base:
    """Return what a job's pictures can be drawn from again; of an upscaled picture, what that was drawn from.

    Raises:
        NotYours, Refused: it is not kept, or not for them, or not for this place.
    """
    request, source, index = from_json(job.request), job, 0
    if isinstance(request, UpscaleRequest):
        found, index = await services.db.read(find_job, request.of_job_id), request.of_picture - 1
        if found is None:
            raise Refused(NOT_KEPT)
        check_may_use(services, job, context, use=USE)
        request, source = from_json(found.request), found
    if not isinstance(request, ImageRequest):
        raise Refused(NOT_KEPT)
    await check_made_from(services, source, request, context)
    seed = request.seed_of(index)
    return Base(job_id=job.id, owner_id=source.user_id, image=request, seed=seed, keeps_seed=keeps_seed)


async def check_made_from(services: Services, job: Job, image: ImageRequest, context: RequestContext) -> None:
    """Check that somebody may have a job drawn again from the picture that it was made from, if it was from one.

    One that its owner brought along is theirs alone. A finished one is for all who see it, where that may be seen.

    Raises:
        NotYours, Refused: they may not.
    """
    if not image.brought:
        return
    if image.origin is None:
        if context.user_id != job.user_id:
            raise Refused(NOT_YOUR_PICTURE)
        return
    check_may_use(services, job, context, use=USE)
    if context.user_id == job.user_id:
        return
    source = await services.db.read(find_job, image.origin.job_id)
    if source is None or image.origin.picture not in numbers_shown(source):
        raise PictureGone(SOURCE_GONE)
    check_may_use(services, source, context, use=USE)
