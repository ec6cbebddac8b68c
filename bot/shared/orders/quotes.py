"""Quotes: what somebody is asked before anything is held."""

import datetime as dt
from dataclasses import dataclass

from bot.shared.orders.order_request import OrderRequest
from inference.catalogue import ImageModel, SpeechModel


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceQuote:
    """Do you want it for that price?"""

    id: str  # of the pending order
    price: int
    available: int
    expected_s: float | None  # from now to its end; None: not known yet
    renews_at: dt.datetime
    relaxed: bool  # it may be had for free when nobody else waits

    @property
    def affordable(self) -> bool:
        """Whether the credits are there."""
        return self.available >= self.price


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceQuote:
    """Do you accept the model's licence?"""

    id: str  # of the pending order
    model: ImageModel | SpeechModel


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotosQuote:
    """Do you want it with these photos, for that price, and do you agree to what is made of them?"""

    id: str  # of the pending order
    asked: OrderRequest
    price: int
    expected_s: float | None  # from its beginning to its end
    relaxed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotosWanted:
    """Which photos? A form asks that, and nothing is kept until it was sent."""

    asked: OrderRequest


Quote = PriceQuote | LicenceQuote | PhotosQuote | PhotosWanted
