"""Which pace a member wants where they do not say."""

from bot.shared.services import Studio
from db.jobs import Pace

PACE = "pace"  # among a member's preferences


async def preferred_pace(studio: Studio, user_id: int) -> Pace:
    """Return which pace a member prefers."""
    member = await studio.members.get(user_id)
    return Pace(member.preferences.get(PACE, Pace.FAST)) if member else Pace.FAST


async def prefer_pace(studio: Studio, user_id: int, pace: Pace) -> None:
    """Remember it."""
    await studio.members.prefer(user_id, {PACE: str(pace) if pace is Pace.RELAXED else None})
