"""What members ask for: the one thing that a feature adds to the pipeline of orders."""

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import ClassVar

from bot.shared.orders.context import RequestContext
from bot.shared.services import Studio
from db.errors import UnknownOrder
from db.subjects import Draft
from inference.requests import Request


class Asked(ABC):
    """What a member asked for, in the form in which it is kept while they are asked back.

    A feature makes a frozen dataclass of it for each way of asking, with a field `what` of its own, by which kept ones
    are told apart (`Studio.asked` reads them).
    """

    __slots__ = ()

    relaxes: ClassVar[bool] = False  # for free, without a question, where its member prefers that or cannot pay
    always_asks: ClassVar[bool] = False  # what was fetched is shown with its price, and needs a yes
    gone: ClassVar[type[Exception]] = UnknownOrder  # what is said when it is not kept any more

    @abstractmethod
    async def build(self, studio: Studio, context: RequestContext) -> Request:
        """Return the request, as far as it is known before anything is fetched for it.

        Raises:
            Refused, StoreError, BadRequest: it cannot be made like this, or not by them.
        """

    @property
    def wants_photos(self) -> bool:
        """Whether photos have to come first, by a form."""
        return False

    @property
    def fetches(self) -> bool:
        """Whether something has to be fetched for it."""
        return False

    @property
    def price_known(self) -> bool:
        """Whether the price is known before that."""
        return True

    @property
    def folder_id(self) -> str:
        """The id under which its photos lie; empty: there are none."""
        return ""

    def turn(self, studio: Studio, user_id: int) -> AbstractAsyncContextManager[None]:
        """Return the context in which it is fetched, for instance one at a time for each member."""
        return nullcontext()

    async def fetch(self, studio: Studio, request: Request, context: RequestContext) -> tuple["Asked", Request]:
        """Fetch what it needs; return what was asked for and its request, as they are then.

        Raises:
            Refused: it could not be fetched, or cannot be used; nothing of it is kept.
        """
        return self, request

    async def forget(self, studio: Studio, interaction_id: int) -> None:  # noqa: B027 (most fetch nothing)
        """Throw away what was fetched for it."""

    def before_photos(self) -> "Asked":
        """Return it as it was before any photos were sent."""
        return self

    def source(self) -> str | None:
        """Return the id of the job that it repeats in another way."""
        return None

    def subject(self, request: Request, context: RequestContext) -> Draft | None:
        """Return what a training makes, with the consent to it."""
        return None
