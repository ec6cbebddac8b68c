"""Contexts of requests, as somebody in a direct message has them where nobody decided anything."""

from dataclasses import replace
from typing import Any

from bot.shared.orders.order_request import RequestContext
from bot.shared.tiers import Tiers
from db.moderation.moderation import Policy

TERMS = Tiers.model_validate({"tier": [{"name": "everybody", "daily_credits": 100}]}).terms(None)
POLICY = Policy(notice=None, banned=False, channel_open=True, words=())


def make_context(**changes: Any) -> RequestContext:
    """Return a context with some fields changed."""
    context = RequestContext(
        interaction_id=77,
        interaction_token="",
        user_id=5,
        guild_id=None,
        channel_id=6,
        private=False,
        terms=TERMS,
        policy=POLICY,
    )
    return replace(context, **changes)
