"""A member's account on one card: tier, credits, jobs, favourites and habits."""

from discord import ui

from bot.shared.cards.layout import said
from bot.shared.orders.asker import PACE, SUFFIX
from bot.shared.services import Services
from bot.shared.text.formatting import counted, credits, harmless, inline, moment
from bot.shared.tiers import Terms
from db.credits.statement import read_statement
from db.people.favourites import count_favourites
from db.people.members import find_member
from db.people.subjects import subjects_of_member
from db.queue.finding import jobs_of_member
from db.queue.job import Pace, State

LIVE_MAX = 1000  # jobs that are counted; tiers allow far fewer


async def info_card(services: Services, user_id: int, terms: Terms) -> ui.LayoutView:
    """Read what there is to say of a member's account, and return it as a card."""
    statement = await read_statement(services.db, user_id, terms.allowance, limit=1)
    live = await services.db.read(jobs_of_member, user_id, states=(State.QUEUED, State.RUNNING), limit=LIVE_MAX)
    running = sum(job.state is State.RUNNING for job in live)
    subjects = await services.db.read(subjects_of_member, user_id)
    member = await services.db.read(find_member, user_id)
    kept = member.preferences if member else {}
    pace = "relaxed" if kept.get(PACE) == Pace.RELAXED else "fast"
    lines = [
        f"<@{user_id}> · {harmless(', '.join(terms.names), 100)}",
        f"**{credits(statement.available)} left** · {statement.held} reserved · more {moment(statement.renews_at)}",
        f"{counted(running, 'job')} running · {len(live) - running} waiting, of {terms.max_queued} that can",
        f"{counted(len(subjects), 'subject')} · "
        f"{counted(await services.db.read(count_favourites, user_id), 'favourite')}",
        f"Pace: {pace}" + (f" · suffix: {inline(kept[SUFFIX], 200)}" if kept.get(SUFFIX) else ""),
        "-# `/quota mine` has your credits in detail, `/queue` your jobs, `/settings` changes the last line.",
    ]
    return said("\n".join(lines))
