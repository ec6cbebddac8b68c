"""What credits look like: balance, renewal, the last days as a small chart, the latest entries."""

import discord
from discord import ui

from bot.shared.cards.layout import layout
from bot.shared.text.formatting import bar, credits, harmless, moment, plainly
from bot.shared.tiers import Terms
from db.credits.statement import Entry, Statement
from db.queue.job import Pace
from inference.requests import Kind

ENTRIES_SHOWN = 8
NAMES = {
    Kind.IMAGE: "pictures",
    Kind.UPSCALE: "upscaling",
    Kind.TRANSCRIBE: "transcripts",
    Kind.TRAIN: "trainings",
}
ONE = {
    Kind.IMAGE: "pictures",
    Kind.UPSCALE: "an upscaled picture",
    Kind.TRANSCRIBE: "a transcript",
    Kind.TRAIN: "a training",
}  # what a job makes
WORDS = {"hold": "reserved for {}", "charge": "for {}"}  # of entries that are about a job
CHART = " ▁▂▃▄▅▆▇█"


def quota_card(statement: Statement, terms: Terms, user_id: int) -> ui.LayoutView:
    """Show what is left, when it renews, what was spent lately, and the latest entries."""
    total = statement.available + statement.held
    lines = [
        f"<@{user_id}> · {harmless(', '.join(terms.names), 100)}",
        f"**{credits(statement.available)} left**"
        + (f", {statement.held} reserved for your jobs" if statement.held else ""),
        bar(statement.available, max(total, statement.daily_allowance + statement.monthly_allowance)),
        *_renewals(statement),
        f"`{chart(statement.spent_by_day)}` {statement.spent_today} spent today, "
        f"{sum(statement.spent_by_day)} in the last {len(statement.spent_by_day)} days",
        *([f"-# Out of credits? `/relax` makes {_relaxed(terms)} free when the queue is empty."] * bool(terms.relaxed)),
        *(_entry(entry, user_id) for entry in statement.entries[:ENTRIES_SHOWN]),
    ]
    return layout(ui.Container(ui.TextDisplay("\n".join(lines)), accent_colour=discord.Colour.blurple()))


def chart(amounts: tuple[int, ...]) -> str:
    """Draw a column for each amount, the largest in full height; a small one is never invisible."""
    largest = max(amounts, default=0)
    steps = len(CHART) - 1
    return "".join(CHART[-(-amount * steps // largest)] if amount > 0 else "▁" for amount in amounts)


def pace_text(pace: Pace, terms: Terms) -> str:
    """Say what a preference means."""
    if pace is Pace.FAST:
        return "**Fast mode:** your jobs use credits and run as soon as it is their turn."
    if not terms.relaxed:
        return "Your role can't use `/relax` here, so your jobs still use credits. An operator decides which roles can."
    also = " For trainings, you choose each time." if Kind.TRAIN in terms.relaxed else ""
    return f"**Relax mode:** {_relaxed(terms)} are free, and run when the queue is empty. `/fast` switches back.{also}"


def _relaxed(terms: Terms) -> str:
    *most, last = (name for kind, name in NAMES.items() if kind in terms.relaxed)
    return f"{', '.join(most)} and {last}" if most else last


def _renewals(statement: Statement) -> list[str]:
    lines = []
    if statement.daily_allowance:
        lines.append(f"{credits(statement.daily_allowance)} a day · next {moment(statement.renews_at)}")
    if statement.monthly_allowance and statement.month_renews_at:
        lines.append(f"{credits(statement.monthly_allowance)} a month · next {moment(statement.month_renews_at)}")
    return lines or ["You get credits from an operator."]


def _entry(entry: Entry, user_id: int) -> str:
    what = WORDS.get(entry.kind, entry.kind).format(ONE[Kind(entry.job_kind)] if entry.job_kind else "a job")
    who = f" by <@{entry.by_user}>" if entry.by_user and entry.by_user != user_id else ""
    reason = f": {plainly(harmless(entry.reason, 60))}" if entry.reason else ""
    return f"-# **{entry.amount:+d}** {what}{who}{reason} · {moment(entry.at)}"
