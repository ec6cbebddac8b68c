"""Who does not want to be transcribed without asking for it."""

from bot.shared.services import Services
from db.people.members import find_member, set_preferences

OPTED_OUT = "voice_opted_out"  # a member's preference


async def has_opted_out(services: Services, user_id: int | None) -> bool:
    """Tell whether a member does not want to be transcribed without asking for it."""
    member = await services.db.read(find_member, user_id) if user_id is not None else None
    return member is not None and bool(member.preferences.get(OPTED_OUT))


async def opt_out(services: Services, user_id: int, *, out: bool) -> None:
    """Remember whether a member wants to be transcribed without asking for it."""
    await services.db.write(set_preferences, user_id, {OPTED_OUT: True if out else None})
