"""Teaching a subject, up to the job: photos are looked at, shown with a price, and only a 'go' costs anything.

Between the form and the 'go', what was sent lies as a draft below `uploads/<draft id>/`: the cleaned photos and one
JSON file. A draft outlives a restart, belongs to one member, and is thrown away after an hour.
"""

import datetime as dt
import json
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace

from bot.services.accept import accept, check_credits, check_policy, check_room, check_terms, price
from bot.services.licences import kept_for_licence
from bot.services.subjects import tidy_name
from bot.shared.errors import BadParameter, LicenceNeeded, NotYours, Refused
from bot.shared.orders.context import RequestContext
from bot.shared.photos import Photo
from bot.shared.policy import check_words, wants_licence
from bot.shared.studio import Studio
from db.errors import FileMissing, TooManySubjects
from db.file_keys import UPLOADS, draft_file, draft_folder, draft_photo, id_in, is_draft
from db.ids import new_id
from db.jobs import Job, Pace
from db.subjects import KEPT_MAX, Draft, name_key
from inference.catalogue import ImageModel
from inference.decoders.photos import Verdict
from inference.requests import Kind, TrainRequest

PHOTOS_MIN = 3
PHOTOS_MAX = 10
NOUN_MAX = 32  # characters, of the column
DRAFT_LIFE = dt.timedelta(hours=1)
DRAFTS_MAX = 200  # of all members; each up to 30 MB of photos
OWN_DRAFTS_MAX = 3  # of one; the oldest goes
FILM_PICTURES = 5
LETTERS = "bcdfghjkmnpqrstvwxz"  # a token without vowels is in nobody's prompt
STATEMENT = (
    "I have the right to use these photos. Everybody who can be recognised in them agrees that a model is trained on "
    "them, and that it is used to make pictures here."
)


class DraftGone(Refused):
    """The draft was thrown away, or used."""

    message = "I no longer have these photos. Please send them again with `/train`."


class TooManyDrafts(Refused):
    """Photos of too many members are kept."""

    message = "I'm holding photos for too many people right now. Please try again in an hour."


class DraftBegun(Refused):
    """The draft's training was paid for."""

    message = "This training has already started. To use other photos, stop it on its card and run `/train` again."

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.job = job


class TooFewPhotos(BadParameter):
    """Fewer photos can be used than a training needs."""

    message = "Training needs at least 3 usable photos; 4 to 8 from different angles work best."


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What a member wants to teach."""

    name: str
    class_noun: str
    model: str = ""  # empty: the first that can be trained
    steps: int | None = None
    keep_photos: bool = False
    private: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TeachingDraft:
    """A lesson with its photos, before it is paid for."""

    id: str
    owner_id: int
    interaction_id: int  # that brought the photos; its training takes it, so that pressing 'go' twice begins once
    lesson: Lesson
    verdicts: tuple[Verdict, ...]  # of every file that was sent, in order
    hashes: tuple[str, ...]  # SHA-256 of the usable ones, as they were sent
    made_at: float  # seconds since 1970

    @property
    def photos(self) -> tuple[str, ...]:
        """The file keys of the usable photos."""
        return tuple(draft_photo(self.id, index) for index in range(len(self.hashes)))

    @property
    def enough(self) -> bool:
        """Whether there are as many as it takes."""
        return len(self.hashes) >= PHOTOS_MIN


async def check_lesson(studio: Studio, lesson: Lesson, context: RequestContext) -> Lesson:
    """Fill in the model's defaults and check everything that can be checked before a photo is sent.

    Raises:
        BadParameter, UnknownModel: it cannot be taught like this; the message says why.
        TooManySubjects: its member has as many as one may keep.
        WordBlocked: its name or kind has a word in it that is not used here.
        LicenceNeeded: its model wants that accepted first.
    """
    name, noun = tidy_name(lesson.name), " ".join(lesson.class_noun.split()).lower()
    if not noun:
        raise BadParameter("A subject needs a `kind`, such as `dog`.")
    if len(noun) > NOUN_MAX:  # in small letters it may be longer than it was typed
        raise BadParameter("That `kind` is too long. A word or two is best, such as `garden gnome`.")
    check_words(f"{name} {noun}", context.policy)
    mine = await studio.subjects.mine(context.user_id)
    if any(name_key(subject.name) == name_key(name) for subject in mine):
        raise BadParameter(
            "You already have a subject with that `name`. Choose another one, or delete the old one in `/subjects`."
        )
    if len(mine) >= KEPT_MAX:
        raise TooManySubjects(limit=KEPT_MAX)
    model = _model(studio, lesson.model)
    steps = lesson.steps or model.train_steps
    lesson = replace(lesson, name=name, class_noun=noun, model=model.name, steps=steps)
    async with kept_for_licence(studio, context, {"lesson": asdict(lesson)}):
        if await wants_licence(studio, model, context.user_id):
            raise LicenceNeeded(model)
    return lesson


async def check_before_photos(studio: Studio, lesson: Lesson, context: RequestContext) -> Lesson:
    """Check everything that could keep a lesson's training from beginning, before a photo is fetched for it.

    Parameters:
        lesson: as it was typed, or as `check_lesson` returned it, perhaps a while ago.

    Returns:
        The lesson, as `check_lesson` returns it.

    Raises:
        Paused, Banned, ChannelClosed, WordBlocked, AgeRestricted, LicenceNeeded: the house's rules do not allow it.
        BadParameter, UnknownModel, TooManySubjects: as for `check_lesson`.
        NotOpen, TooManyQueued, NotEnoughCredits: its member may not, or not now.
        TooManyDrafts: photos of too many others are kept.
    """
    lesson = await check_lesson(studio, lesson, context)
    request = request_of(studio, _draft_of(lesson, context, ()))
    await check_policy(studio, request, context)
    check_terms(studio, request, context.terms, Pace.FAST)
    await check_room(studio, request.kind, context)
    await check_credits(studio, request, context)
    if len(await _drafts(studio)) >= DRAFTS_MAX:
        raise TooManyDrafts
    return lesson


async def draft(studio: Studio, lesson: Lesson, context: RequestContext, photos: Sequence[Photo]) -> TeachingDraft:
    """Keep the usable photos for a while. Nothing is charged or held.

    Parameters:
        lesson: as `check_lesson` returned it.
        context: who sent them.
        photos: all that were sent, looked at.
    """
    usable = [photo for photo in photos if photo.usable]
    made = _draft_of(lesson, context, photos)
    await _discard_oldest(studio, context.user_id)
    for key, photo in zip(made.photos, usable, strict=True):
        await studio.files.put(key, photo.content)
    await studio.files.put(draft_file(made.id), json.dumps(asdict(made)).encode())
    return made


def _draft_of(lesson: Lesson, context: RequestContext, photos: Sequence[Photo]) -> TeachingDraft:
    now = dt.datetime.now(dt.UTC)
    return TeachingDraft(
        id=new_id(now),
        owner_id=context.user_id,
        interaction_id=context.interaction_id,
        lesson=lesson,
        verdicts=tuple(photo.verdict for photo in photos),
        hashes=tuple(photo.sha256 for photo in photos if photo.usable),
        made_at=now.timestamp(),
    )


async def _drafts(studio: Studio) -> list[str]:
    """Return the ids of all drafts, the oldest first."""
    return [id_in(key) for key in await studio.files.list(UPLOADS) if is_draft(key)]


async def _discard_oldest(studio: Studio, user_id: int) -> None:
    """Make room for one more draft of a member."""
    own = []
    for draft_id in await _drafts(studio):
        with suppress(DraftGone, NotYours):
            own.append(await open_draft(studio, draft_id, user_id))
    for made in own[: len(own) + 1 - OWN_DRAFTS_MAX]:
        with suppress(DraftGone, DraftBegun):
            await discard(studio, made)


async def open_draft(studio: Studio, draft_id: str, user_id: int) -> TeachingDraft:
    """Return a draft to its owner.

    Raises:
        DraftGone: it was thrown away, or used.
        NotYours: it is somebody else's.
    """
    try:
        fields = json.loads(await studio.files.get(draft_file(draft_id)))
    except FileMissing as error:
        raise DraftGone from error
    fields["lesson"] = Lesson(**fields["lesson"])
    fields["verdicts"] = tuple(Verdict(verdict) for verdict in fields["verdicts"])
    fields["hashes"] = tuple(fields["hashes"])
    found = TeachingDraft(**fields)
    if found.owner_id != user_id:
        raise NotYours
    return found


def request_of(studio: Studio, made: TeachingDraft) -> TrainRequest:
    """Return what a draft asks for, with the model's own settings. The subject gets the draft's id."""
    model = _model(studio, made.lesson.model)
    steps = made.lesson.steps or model.train_steps
    trigger = "".join(LETTERS[int(made.id[-1 - at], 36) % len(LETTERS)] for at in range(4))
    return TrainRequest(
        subject_id=made.id,
        name=made.lesson.name,
        class_noun=made.lesson.class_noun,
        trigger=trigger,
        model=model.name,
        photos=made.photos,
        steps=steps,
        rank=model.train_rank,
        learning_rate=model.train_rate,
        prior_weight=model.train_prior_weight,
        seed=int(made.hashes[0][:8], 16) if made.hashes else secrets.randbits(32),
        preview_every=max(1, steps // FILM_PICTURES),
        keep_photos=made.lesson.keep_photos,
    )


def price_of(studio: Studio, made: TeachingDraft) -> int:
    """Return what a draft's training costs."""
    return price(studio, request_of(studio, made))


def expected_s(studio: Studio, made: TeachingDraft) -> float | None:
    """Return how long a draft's training will take by what the latest ones took; None where there was none."""
    return studio.forecast.duration_s(Kind.TRAIN, price_of(studio, made))


async def begin(studio: Studio, made: TeachingDraft, context: RequestContext, *, pace: Pace = Pace.FAST) -> Job:
    """Pay for a draft's training and record the subject and the consent to it. Pressing twice begins once.

    Raises:
        TooFewPhotos: it would learn nothing.
        DraftGone: it was thrown away meanwhile.
        NotOpen: not at that pace.
        NameTaken, NotEnoughCredits, TooManyQueued: not now; nothing was charged.
    """
    if not made.enough:
        raise TooFewPhotos
    async with studio.draft_lock(made.id):
        try:
            await check_kept(studio, made)
        except DraftBegun as error:
            return error.job
        await check_lesson(studio, made.lesson, context)
        request = request_of(studio, made)
        first = replace(context, interaction_id=made.interaction_id)
        job = await accept(studio, request, first, pace=pace, subject=_subject(request, made, context))
        await studio.files.delete(draft_file(made.id))  # from here on the photos belong to the job
        return job


def _subject(request: TrainRequest, made: TeachingDraft, context: RequestContext) -> Draft:
    return Draft(
        id=request.subject_id,
        owner_id=made.owner_id,
        guild_id=context.guild_id,
        name=request.name,
        class_noun=request.class_noun,
        trigger=request.trigger,
        model=request.model,
        keeps_photos=request.keep_photos,
        statement=STATEMENT,
        photo_hashes=made.hashes,
    )


async def discard(studio: Studio, made: TeachingDraft) -> None:
    """Throw a draft away with its photos.

    Raises:
        DraftBegun: the photos belong to its training.
        DraftGone: that was done before.
    """
    async with studio.draft_lock(made.id):
        await check_kept(studio, made)
        await studio.files.delete_tree(draft_folder(made.id))


async def check_kept(studio: Studio, made: TeachingDraft) -> None:
    """See that a draft, opened a while ago, is still one.

    Raises:
        DraftBegun: its training was paid for.
        DraftGone: it was thrown away.
    """
    if (job := await studio.jobs.by_interaction(made.interaction_id)) is not None:
        raise DraftBegun(job)
    if not await studio.files.exists(draft_file(made.id)):
        raise DraftGone


def _model(studio: Studio, name: str) -> ImageModel:
    if name:
        model = studio.catalogue.image(name)
        if not model.trainable:
            raise BadParameter(f"{model.title} can't be trained. Please choose another `model`.")
        return model
    for model in studio.catalogue.images:
        if model.trainable:
            return model
    raise BadParameter("None of the models here can be trained.")
