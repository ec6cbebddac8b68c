"""When all has come to rest that can: only then does the next choice depend on the seed alone."""

import asyncio
from collections import Counter

import sqlalchemy as sa

from bot.sandbox.limits.components import walk
from bot.sandbox.server import Sandbox
from bot.sandbox.state.messages import Message
from db.queue.job import Job, Pace, State, job_from
from db.tables import decisions, jobs
from inference.requests import Kind
from tests.support.acceptance.bots import RunningBot
from tests.support.walk.typed import GATE_WORD

QUIET_S = 90.0  # a busy machine takes long
LOOK_S = 0.01
HANDLERS = ("discord.py: ", "discord-ui-", "CommandTree-invoker")  # how discord.py names the tasks of our handlers
PASSING = "One moment …"


class NotQuiet(AssertionError):
    """Something never came to its end; the message says what."""


async def until_quiet(box: Sandbox, bot: RunningBot, *, gate_open: bool = False) -> None:
    """Wait until the bot has dealt with everything, and all jobs have ended and are shown but those at the gate.

    Raises:
        NotQuiet: that took too long.
    """
    reasons = ["it was not looked at"]
    try:
        async with asyncio.timeout(QUIET_S):
            while reasons := await _restless(box, bot, gate_open=gate_open):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_S)  # tasks of a library end without telling
    except TimeoutError:
        raise NotQuiet("; ".join(reasons)) from None


async def _restless(box: Sandbox, bot: RunningBot, *, gate_open: bool) -> list[str]:
    if bot.client.ws.sequence != box.gateway.newest_event:
        return ["the bot has not heard of everything"]
    running = sorted(task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith(HANDLERS))
    if running:
        return [f"still at {name}" for name in running]
    waiting = await bot.services.db.read(_moving, gate_open=gate_open)
    return waiting + [f"message {one.id} is unfinished: {shown(one)}" for one in box.messages if _unfinished(one)]


def _unfinished(message: Message) -> bool:
    return message.loading or shown(message) == PASSING


def shown(message: Message) -> str:
    """Return the text of a message."""
    texts = [component["content"] for component, _ in walk(message.components) if "content" in component]
    return "\n".join([*([message.content] if message.content else []), *texts])


def _moving(connection: sa.Connection, *, gate_open: bool) -> list[str]:
    """Return which jobs will go on by themselves, in words."""
    live = [job_from(row) for row in connection.execute(sa.select(jobs).where(jobs.c.delivered_at.is_(None)))]
    if not live:
        return []
    paused = connection.execute(sa.select(decisions.c.key).where(decisions.c.kind == "pause")).first() is not None
    at_gate = [job for job in live if not gate_open and _stops_at_gate(job)]
    held = Counter(job.user_id for job in at_gate)
    waits = [job for job in live if job.state is State.QUEUED and (paused or held[job.user_id] or _relaxed(job, held))]
    apart = [job for job in live if at_gate and job.suspicion]  # runs alone, so when those at the gate have ended
    resting = {job.id for job in [*at_gate, *waits, *apart] if job.message_id is not None or job.private}
    return [f"job {job.id} is {job.state} ({job.request})" for job in live if job.id not in resting]


def _relaxed(job: Job, held: Counter[int]) -> bool:
    return job.pace is Pace.RELAXED and bool(held)


def _stops_at_gate(job: Job) -> bool:
    words = {Kind.IMAGE: "prompt", Kind.TRAIN: "name"}.get(Kind(job.kind), "")
    return job.state is State.RUNNING and not job.cancel_requested and GATE_WORD in job.request.get(words, "")
