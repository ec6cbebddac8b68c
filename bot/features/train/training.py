"""Training a subject, up to the job: what is trained on which photos, and the request for it."""

import secrets
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from bot.features.train.photo_sets import PhotoSet, PhotosGone, check_kept, discard, keep_photos
from bot.features.train.subjects import tidy_name
from bot.shared.errors import BadParameter, Refused
from bot.shared.files.downloads import RemoteFile
from bot.shared.files.photos import Photo
from bot.shared.orders.order_request import OrderRequest, RequestContext
from bot.shared.services import Services
from db.errors import TooManySubjects
from db.people.new_subject import KEPT_MAX, NewSubject
from db.people.subjects import name_key, subjects_of_member
from db.queue.pending import PendingOrder, Question, count_orders
from inference.catalogue import ImageModel
from inference.requests import Request, TrainRequest

PHOTOS_MAX = 10
NOUN_MAX = 32  # characters, of the column
ALL_PHOTO_SETS_MAX = 200  # of all members; each up to 30 MB of photos
FILM_PICTURES = 5
LETTERS = "bcdfghjkmnpqrstvwxz"  # a token without vowels is in nobody's prompt
STATEMENT = (
    "I have the right to use these photos. Everybody who can be recognised in them agrees that a model is trained on "
    "them, and that it is used to make pictures here."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """What a member wants to train."""

    name: str
    class_noun: str
    model: str = ""  # empty: the first that can be trained
    steps: int | None = None  # None: as the model says
    keep_photos: bool = False
    private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOrderRequest(OrderRequest):
    """A training: at first without photos, then with some that were sent, then with those that were looked at."""

    always_asks: ClassVar[bool] = True
    gone: ClassVar[type[Exception]] = PhotosGone

    what: Literal["training"] = "training"
    options: TrainingOptions
    photos: PhotoSet | None = None
    # Not kept, for it is of use only while they are looked at:
    sent: Annotated[tuple[RemoteFile, ...], Field(exclude=True)] = ()
    instead_of: Annotated[PendingOrder | None, Field(exclude=True)] = None  # whose photos go
    looked_at: Annotated[tuple[Photo, ...], Field(exclude=True)] = ()  # all that were sent, in order, for the card

    @property
    def wants_photos(self) -> bool:
        """Whether photos have to come first."""
        return self.photos is None and not self.sent

    @property
    def fetches(self) -> bool:
        """Whether photos were sent that nobody looked at yet."""
        return bool(self.sent)

    async def build(self, services: Services, context: RequestContext) -> TrainRequest:
        """Check everything about a training, and return its request with the model's own settings.

        Raises:
            BadParameter, UnknownModel: it cannot be trained like this; the message says why.
            TooManySubjects: its member has as many as one may keep.
            Refused: photos of too many others are kept.
            TrainingBegun, PhotosGone: the photos that new ones were sent for are no longer to be replaced.
        """
        if self.instead_of is not None:
            await check_kept(services, self.instead_of)
        name, noun = tidy_name(self.options.name), _tidy_noun(self.options.class_noun)
        await _check_free(services, name, context.user_id)
        if self.photos is not None and not self.photos.enough:
            raise BadParameter("Training needs at least 3 usable photos; 4 to 8 from different angles work best.")
        if self.sent and await services.db.read(count_orders, Question.PHOTOS) >= ALL_PHOTO_SETS_MAX:
            raise Refused("I'm holding photos for too many people right now. Please try again in an hour.")
        return _request(_model(services, self.options.model), name, noun, self.options, self.photos)

    async def fetch(
        self, services: Services, request: Request, context: RequestContext
    ) -> tuple[OrderRequest, Request]:
        """Look at the photos that were sent, and keep the usable ones for a while, instead of earlier ones."""
        assert isinstance(request, TrainRequest)
        model = services.catalogue.image(request.model)
        looked_at = await services.photos.look_at(self.sent, learnt_px=min(model.width_px, model.height_px))
        if self.instead_of is not None:
            await discard(services, self.instead_of)
        photos = await keep_photos(services, looked_at)
        settled = replace(
            self.options, name=request.name, class_noun=request.class_noun, model=request.model, steps=request.steps
        )
        seen = tuple(replace(photo, content=b"") for photo in looked_at)
        order_request = TrainingOrderRequest(options=settled, photos=photos, looked_at=seen)
        return order_request, replace(request, subject_id=photos.id, photos=photos.keys)

    def subject(self, request: Request, context: RequestContext) -> NewSubject | None:
        """Return the subject that is made, with the consent to it."""
        assert isinstance(request, TrainRequest)
        assert self.photos is not None
        return NewSubject(
            id=request.subject_id,
            owner_id=context.user_id,
            guild_id=context.guild_id,
            name=request.name,
            class_noun=request.class_noun,
            trigger=request.trigger,
            model=request.model,
            keeps_photos=request.keep_photos,
            statement=STATEMENT,
            photo_hashes=self.photos.hashes,
        )


async def _check_free(services: Services, name: str, user_id: int) -> None:
    """See that a member may have one more subject, of that name."""
    mine = await services.db.read(subjects_of_member, user_id)
    if any(name_key(subject.name) == name_key(name) for subject in mine):
        raise BadParameter(
            "You already have a subject with that `name`. Choose another one, or delete the old one in `/subjects`."
        )
    if len(mine) >= KEPT_MAX:
        raise TooManySubjects(limit=KEPT_MAX)


def _tidy_noun(typed: str) -> str:
    noun = " ".join(typed.split()).lower()
    if not noun:
        raise BadParameter("A subject needs a `kind`, such as `dog`.")
    if len(noun) > NOUN_MAX:  # in small letters it may be longer than it was typed
        raise BadParameter("That `kind` is too long. A word or two is best, such as `garden gnome`.")
    if set(noun) & set("()[]:\\"):
        raise BadParameter(
            "A `kind` is a plain word or two, such as `garden gnome`: in prompts, brackets and colons weigh words."
        )
    return noun


def _request(
    model: ImageModel, name: str, noun: str, options: TrainingOptions, photos: PhotoSet | None
) -> TrainRequest:
    steps = options.steps or model.train_steps
    return TrainRequest(
        subject_id=photos.id if photos else "",
        name=name,
        class_noun=noun,
        trigger=_trigger(photos.id) if photos else "",
        model=model.name,
        photos=photos.keys if photos else (),
        steps=steps,
        rank=model.train_rank,
        learning_rate=model.train_rate,
        prior_weight=model.train_prior_weight,
        seed=int(photos.hashes[0][:8], 16) if photos else secrets.randbits(32),
        preview_every=max(1, steps // FILM_PICTURES),
        keep_photos=options.keep_photos,
    )


def _trigger(id: str) -> str:
    """Return the rare token that stands for a subject."""
    return "".join(LETTERS[int(id[-1 - at], 36) % len(LETTERS)] for at in range(4))


def _model(services: Services, name: str) -> ImageModel:
    if name:
        model = services.catalogue.image(name)
        if not model.trainable:
            raise BadParameter(f"{model.title} can't be trained. Please choose another `model`.")
        return model
    for model in services.catalogue.images:
        if model.trainable:
            return model
    raise BadParameter("None of the models here can be trained.")
