"""Who asks, what for (which is all that a feature adds to the pipeline of orders), and what they are asked first."""

import datetime as dt
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from bot.shared.services import Services
from bot.shared.tiers import Terms
from db.errors import UnknownOrder
from db.moderation.moderation import Policy
from db.people.new_subject import NewSubject
from db.people.subjects import Subject
from db.queue.job import Pace
from inference.catalogue import AnyModel
from inference.requests import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """Who asks for something, where, and what counts for them there: resolved once, as they ask, and handed on."""

    interaction_id: int  # the same id again is the same job, so a replayed event costs nothing; or a message's id
    interaction_token: str  # secret; empty: a message asked, and there is no interaction to answer
    user_id: int
    guild_id: int | None  # None: a direct message
    channel_id: int
    private: bool  # only they see the result
    terms: Terms  # what their tiers entitle them to
    policy: Policy  # what operators decided
    pace: Pace = Pace.FAST  # which they prefer, where they do not say
    subjects: tuple[Subject, ...] = ()  # which they may use
    plain_words: frozenset[str] = frozenset()  # subjects whose names are words like any others to them
    suffix: str = ""  # the parameters that all their prompts have
    role_ids: frozenset[int] = frozenset()  # theirs, in that server; subjects are shared with roles
    age_restricted: bool = False  # the channel is
    channel_ids: frozenset[int] = frozenset()  # the channel's, and of a thread its channel's: what operators decide by
    only_guild_id: int | None = None  # the server that the bot is in, if it is in no other
    message_id: int | None = None  # of the answer, where the platform told it with its receipt
    called: bool = False  # a message of theirs calls the bot
    beside_ids: tuple[int, ...] = ()  # of messages for the cards of what is asked for beside it

    @property
    def may_be_asked(self) -> bool:
        """Whether somebody asked for it themselves; else it was said where all clips become text."""
        return bool(self.interaction_token) or self.called or self.guild_id is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What a member may have meant instead of what they typed."""

    said: str  # what they are asked
    label: str  # of the button that takes it
    otherwise: str  # of the button that goes on with what they typed


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest(ABC):
    """What a member asked for, in the form in which it is kept while they are asked back.

    A feature makes a class of it for each way of asking, with a field `what` of its own, by which kept ones are told
    apart (`Services.order_requests` reads them).
    """

    relaxes: ClassVar[bool] = False  # for free, without a question, where its member prefers that or cannot pay
    always_asks: ClassVar[bool] = False  # what was fetched is shown with its price, and needs a yes
    gone: ClassVar[type[Exception]] = UnknownOrder  # what is said when it is not kept any more

    source_job_id: str | None = None  # the job that it repeats in another way
    asks: str = ""  # what its member is asked with the price, however low it is; empty: a high one is asked about
    suggestion: Suggestion | None = None  # its member is asked first whether they meant that

    @abstractmethod
    async def build(self, services: Services, context: RequestContext) -> Request:
        """Return the request, as far as it is known before anything is fetched for it.

        Raises:
            Refused, StoreError, BadRequest: it cannot be made like this, or not by them.
        """

    async def note_answer(self, services: Services, user_id: int, *, as_suggested: bool) -> None:  # noqa: B027 (most remember nothing)
        """Remember what a member said to its suggestion, where that spares them the same question."""

    def decided(self, *, as_suggested: bool) -> "OrderRequest":
        """Return it with its suggestion taken, or declined."""
        return self

    @property
    def beside(self) -> tuple[Request, ...]:
        """What is asked for together with it: jobs of their own, of which all or none are made, after a question."""
        return ()

    @property
    def wants_photos(self) -> bool:
        """Whether photos have to come first, by a form."""
        return False

    @property
    def fetches(self) -> bool:
        """Whether files have to be fetched for it; one at a time for each member."""
        return False

    async def fetch(
        self, services: Services, request: Request, context: RequestContext
    ) -> tuple["OrderRequest", Request]:
        """Fetch its files; return what was asked for and its request, as they are then.

        Raises:
            Refused: they could not be fetched, or cannot be used; nothing is kept of them.
        """
        return self, request

    def subject(self, request: Request, context: RequestContext) -> NewSubject | None:
        """Return what a training makes, with the consent to it."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceQuote:
    """Do you want it for that price?"""

    id: str  # of the pending order
    price: int
    available: int
    expected_s: float | None  # from now to its end; None: not known yet
    renews_at: dt.datetime
    relaxed: bool  # it may be had for free when nobody else waits
    asks: str = ""  # what comes before the price

    @property
    def affordable(self) -> bool:
        """Whether the credits are there."""
        return self.available >= self.price


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceQuote:
    """Do you accept the model's licence?"""

    id: str  # of the pending order
    model: AnyModel


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotosQuote:
    """Do you want it with these photos, for that price, and do you agree to what is made of them?"""

    id: str  # of the pending order
    order_request: OrderRequest
    price: int
    available: int
    expected_s: float | None  # from its beginning to its end
    renews_at: dt.datetime
    relaxed: bool

    @property
    def affordable(self) -> bool:
        """Whether the credits are there."""
        return self.available >= self.price


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotosWanted:
    """Which photos? A form asks that, and nothing is kept until it was sent."""

    order_request: OrderRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionQuote:
    """Did you mean something else?"""

    id: str  # of the pending order
    suggestion: Suggestion


Quote = SuggestionQuote | PriceQuote | LicenceQuote | PhotosQuote | PhotosWanted
