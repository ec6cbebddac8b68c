"""Licences that members accept: what was asked for is kept meanwhile; `bot.services.resuming` goes on with it.

What is kept lies with the questions about prices (`db.offers`), under the interaction that asked.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bot.shared.errors import LicenceNeeded
from bot.shared.orders.context import RequestContext
from bot.shared.studio import Studio


@asynccontextmanager
async def kept_for_licence(studio: Studio, context: RequestContext, asked: dict[str, Any]) -> AsyncIterator[None]:
    """Keep what was asked for if the block finds that a licence has to be accepted first, and pass that on.

    Args:
        asked: as JSON; see `bot.services.resuming` for what it can be.
    """
    try:
        yield
    except LicenceNeeded as needed:
        if context.interaction_token or context.guild_id is None:  # else nobody asked, and nobody is asked back
            offer = await studio.offers.keep(
                context.user_id, context.interaction_id, {"private": context.private, **asked}
            )
            needed.offer_id = offer.id
        raise


async def accept_licence(studio: Studio, user_id: int, model_name: str) -> None:
    """Note that a member accepts a model's licence as it is now; a model that is no longer there needs no consent."""
    for model in (*studio.catalogue.images, *studio.catalogue.speech):
        if model.name == model_name:
            await studio.house.accept_licence(user_id, model.name, model.licence)
