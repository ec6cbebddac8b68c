"""Which pace a member prefers where they do not say: whether their jobs use credits, or wait."""

from bot.shared.services import Services
from db.people.members import find_member, set_preferences
from db.queue.job import Pace

PACE = "pace"  # a member's preference


async def preferred_pace(services: Services, user_id: int) -> Pace:
    """Return the pace that a member wants where they do not say."""
    member = await services.db.read(find_member, user_id)
    return Pace(member.preferences.get(PACE, Pace.FAST)) if member else Pace.FAST


async def prefer_pace(services: Services, user_id: int, pace: Pace) -> None:
    """Remember which pace a member wants where they do not say."""
    await services.db.write(set_preferences, user_id, {PACE: str(pace) if pace is Pace.RELAXED else None})
