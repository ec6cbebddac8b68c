"""Credits of members: looking at them, changing them as an operator, giving them away."""

from bot.shared.errors import BadParameter, NotOpen
from bot.shared.operators import Operator, at_home
from bot.shared.services import Services
from bot.shared.tiers import Terms
from db.credits import grants
from db.moderation.targets import Target

GIFT_MAX = 1_000_000
NOT_AT_HOME = (
    "Credits are shared by all servers I'm in, so only operators of my home servers can manage them. Whoever runs me "
    "sets those servers in `HOME_GUILDS`."
)


def check_may_manage_credits(services: Services, operator: Operator) -> None:
    """Let those pass who look after members' credits: each person has one balance, which counts in all servers.

    Raises:
        NotOpen: they are an operator, but not at home.
    """
    if not at_home(services, operator):
        raise NotOpen(NOT_AT_HOME)


async def grant(
    services: Services, operator: Operator, user_id: int, amount: int, reason: str, *, interaction_id: int
) -> None:
    """Give a member credits, or take some back. The same interaction again changes nothing.

    Raises:
        BadParameter: nothing would change.
        NotEnoughCredits: more is taken than is available.
    """
    if not amount:
        raise BadParameter(
            "`amount` can't be 0. Say how many credits to give, or use a negative number to take some back."
        )
    entry = operator.entry("quota grant", Target.member(user_id, f"{amount:+d}"), reason)
    allowance = services.rules.tiers.terms(None).allowance
    await services.db.write(grants.grant, user_id, amount, f"grant:{interaction_id}", entry, allowance=allowance)


async def set_credits(
    services: Services, operator: Operator, user_id: int, amount: int, reason: str, *, interaction_id: int
) -> int:
    """Set how many credits a member has available; return the difference."""
    entry = operator.entry("quota set", Target.member(user_id, f"= {amount}"), reason)
    allowance = services.rules.tiers.terms(None).allowance
    return await services.db.write(
        grants.set_available, user_id, amount, f"set:{interaction_id}", entry, allowance=allowance
    )


async def give(
    services: Services, from_user: int, to_user: int, amount: int, terms: Terms, *, interaction_id: int
) -> None:
    """Give another member some of one's own credits. The same interaction again changes nothing.

    Parameters:
        to_user: 0 for somebody who has no use for them.

    Raises:
        BadParameter: gifts go to other people.
        NotEnoughCredits: they are not there.
    """
    if to_user in (0, from_user):
        raise BadParameter("Please choose another `member`: you can't give credits to yourself or to a bot.")
    await services.db.write(
        grants.give, from_user, to_user, amount, f"gift:{interaction_id}", allowance=terms.allowance
    )
