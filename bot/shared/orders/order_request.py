"""What members ask for: the one thing that a feature adds to the pipeline of orders."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from bot.shared.orders.context import RequestContext
from bot.shared.services import Services
from db.errors import UnknownOrder
from db.people.new_subject import NewSubject
from inference.requests import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest(ABC):
    """What a member asked for, in the form in which it is kept while they are asked back.

    A feature makes a class of it for each way of asking, with a field `what` of its own, by which kept ones are told
    apart (`Services.asked` reads them).
    """

    relaxes: ClassVar[bool] = False  # for free, without a question, where its member prefers that or cannot pay
    always_asks: ClassVar[bool] = False  # what was fetched is shown with its price, and needs a yes
    gone: ClassVar[type[Exception]] = UnknownOrder  # what is said when it is not kept any more

    source_job_id: str | None = None  # the job that it repeats in another way

    @abstractmethod
    async def build(self, services: Services, context: RequestContext) -> Request:
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
