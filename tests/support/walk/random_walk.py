"""Members who do at random what they can, and what must hold after each step."""

import logging
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from bot.sandbox.events import Event
from bot.sandbox.human.client import HumanClient, InteractionResult
from bot.sandbox.limits.components import walk
from bot.sandbox.server import Sandbox
from db.credits.audit import audit
from db.queue.job import FINAL
from db.tables import accounts, decisions, jobs
from db.wake import QUEUED
from tests.support.acceptance.bots import RunningBot
from tests.support.walk.clock import StepClock
from tests.support.walk.moves import Member, Move
from tests.support.walk.quiet import QUIET_S, shown, until_quiet

log = logging.getLogger(__name__)

CHAPTER = 60  # steps until all jobs end, credits come, and what operators decided is undone
TWICE = 0.12  # of the presses come twice at the same time
FIFTEEN_MINUTES_PASS = 0.01  # of the steps: answers cannot be edited any more
CREDITS = (0, 3, 40, 400)
TOLD = 15  # of the latest steps, when something is wrong
UNFORESEEN = "Something went wrong on my side"
MESSAGE_EVENTS = ("message_create", "message_update", "message_delete")


class WrongStep(AssertionError):
    """Something did not hold; the message says what, and how one got there."""


class RandomWalk:
    """A walk of so many people; the same seed chooses the same steps."""

    def __init__(self, box: Sandbox, people: Sequence[HumanClient], *, seed: int, gate: Path) -> None:
        """Prepare it.

        Args:
            box: the local Discord, by a `StepClock`.
            people: those who walk.
            seed: of all choices.
            gate: the file for which some jobs wait.
        """
        self.chance = random.Random(seed)
        self.used: Counter[str] = Counter()  # by kind of step
        self.trace: list[str] = []
        self._box = box
        assert isinstance(box.clock, StepClock)
        self._clock = box.clock
        self._members = [Member(box, who, self.chance, self.used) for who in people]
        self._gate = gate
        self._complaints = _Complaints()

    async def go(self, bot: RunningBot, steps: int) -> None:
        """Take so many steps.

        Raises:
            WrongStep: something did not hold.
        """
        logging.getLogger().addHandler(self._complaints)
        try:
            for number in range(steps):
                if number % CHAPTER == 0:
                    await self._begin_chapter(bot)
                await self._step(bot)
            await self._end_chapter(bot)
        except Exception as error:
            steps_told = "\n".join(self.trace[-TOLD:])
            raise WrongStep(f"{error}\nThe latest steps of {len(self.trace)}:\n{steps_told}") from error
        finally:
            logging.getLogger().removeHandler(self._complaints)

    async def _step(self, bot: RunningBot) -> None:
        self._clock.next_step()
        if self.chance.random() < FIFTEEN_MINUTES_PASS:
            self._tell("fifteen minutes pass")
            self._clock.advance(15 * 60 + 1)
        move = None
        while move is None:
            member = self.chance.choice(self._members)
            move = await member.move()
        twice = self.chance.random() < TWICE
        self._tell(f"{member.who.user.username} {move.told}{' twice' if twice else ''}")
        self.used[move.kind] += 1
        events = self._box.container.events.subscribe()
        try:
            results = await self._do(move, twice=twice)
            await until_quiet(self._box, bot)
            seen = [events.get_nowait() for _ in range(events.qsize())]
        finally:
            self._box.container.events.unsubscribe(events)
        self._check_answers(member, results, seen)
        self._complaints.check()

    def _tell(self, step: str) -> None:
        self.trace.append(f"{len(self.trace)} {step}")
        log.info("%s", self.trace[-1])

    async def _do(self, move: Move, *, twice: bool) -> list[InteractionResult]:
        results = [await move.do()]
        if twice and results[0] is not None and not move.kind.startswith("form"):  # a form closes as it is sent
            results.append(await move.do())
        waited = [result for result in results if result is not None]
        for result in waited:
            await result.done(QUIET_S)
        return waited

    def _check_answers(self, member: Member, results: Sequence[InteractionResult], seen: Sequence[Event]) -> None:
        for result in results:
            if result.state == "failed":
                raise WrongStep(f"nobody answered: {result.error}")
        theirs = [one for one in seen if one.visible_to in (None, member.who.id)]
        opened = any(result.state == "modal" for result in results)
        if results and not opened and not any(one.kind in MESSAGE_EVENTS for one in theirs):
            raise WrongStep("it was acknowledged, and nothing could be seen of it")
        for message_id in {one.message_id for one in theirs}:
            message = self._box.container.messages.find(message_id or "")
            if message is not None and UNFORESEEN in shown(message):
                raise WrongStep(shown(message))
        if refused := [one for one in self._box.requests if one.status == 400]:
            raise WrongStep(f"Discord would refuse what the bot sends: {refused[-1]}")
        if self._box.unimplemented:
            raise WrongStep(f"the local Discord lacks {self._box.unimplemented}")

    # -- chapters --------------------------------------------------------------------------------------------------

    async def _begin_chapter(self, bot: RunningBot) -> None:
        await self._end_chapter(bot)
        self._gate.unlink(missing_ok=True)
        for member in self._members:
            await bot.leave(member.who, self.chance.choice(CREDITS))

    async def _end_chapter(self, bot: RunningBot) -> None:
        """Undo what operators decided, let all jobs end, and look whether everything did."""
        self._gate.touch()
        await bot.services.db.write(lambda connection: connection.execute(decisions.delete()))
        bot.services.db.wake.notify(QUEUED)
        await until_quiet(self._box, bot, gate_open=True)
        self._complaints.check()
        problems = await bot.services.db.read(_problems)
        ended = await bot.services.db.read(_ended)
        for message in self._box.messages:
            for component, _ in walk(message.components):
                topic, verb, *key = str(component.get("custom_id")).split(":")[:3] + [""] * 2
                if (topic, verb) in (("job", "cancel"), ("job", "stop")) and key[0] in ended:
                    problems.append(f"the card of job {key[0]}, which has ended, says: {shown(message)}")
        if problems:
            raise WrongStep("\n".join(problems))


def _problems(connection: sa.Connection) -> list[str]:
    holding = connection.execute(sa.select(accounts.c.user_id, accounts.c.held).where(accounts.c.held != 0)).all()
    return [*audit(connection), *(f"{row.held} credits of {row.user_id} are still held" for row in holding)]


def _ended(connection: sa.Connection) -> set[str]:
    states = [state.value for state in FINAL]
    return set(connection.scalars(sa.select(jobs.c.id).where(jobs.c.state.in_(states))))


class _Complaints(logging.Handler):
    """What was logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._records.append(record)

    def check(self) -> None:
        """Raise what was logged.

        Raises:
            WrongStep: something was.
        """
        if self._records:
            record = self._records[0]
            raise WrongStep(f"{record.name}: {logging.Formatter().format(record)}")
