"""What everything but the model costs: acknowledging, delivering, the store.

    python -m tests.bench.overhead [--quick] [--json FILE]

The bot runs as it is, in a process of its own, against the local Discord in this one; behind it is an engine that gives
the same four pictures at once. Times are taken in the local Discord: from the moment at which a member's command is
handed to the bot until the acknowledgement (`ack`) and until the edited card with its pictures (`own`) have arrived
there, so both processes' work and the loopback between them are in them. Alone: one command after the other. At 200:
all of them in the same moment. A crowd asks in turn, for a member may ask only so often in a minute. `rested` is an
acknowledgement that nothing else goes on beside: the one before was a while ago.

The floor (`bare`) is the same with `tests.bench.bare_bot`, which has the pictures already and only shows them.

One job's life in the store (submitted, claimed, one heartbeat, settled, delivered) is counted in statements, without
the COMMITs, and timed on SQLite, alone. Claiming is timed on SQLite with 100 jobs of 100 members waiting, and with
10,000 jobs of 1,000.
"""

import asyncio
import itertools
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import STUDIO
from bot.sandbox.state.world import GuildMember, User
from tests.bench import report
from tests.bench.claiming import Queue, time_claims
from tests.bench.life import time_life

BURST = 200
WARM_UP = 5
PATIENCE_S = 120.0
CROWD = 25  # members
RESTED = 40  # acknowledgements
REST_S = 0.3


class Stopwatch:
    """Notes when the bot's answers arrive."""

    def __init__(self, box: Sandbox, member: HumanClient) -> None:
        self._box = box
        self._member = member
        self._events = box.container.events.subscribe()
        self._changed = asyncio.Event()
        self.acked_s: dict[str, float] = {}  # by interaction
        self.shown_s: dict[str, float] = {}  # by message

    async def run(self) -> None:
        """Read events until cancelled."""
        while True:
            event = await self._events.get()
            now_s = time.perf_counter()
            if event.kind == "interaction" and event.data["interaction"]["state"] == "acknowledged":
                self.acked_s.setdefault(event.data["interaction"]["id"], now_s)
            elif event.kind == "message_update" and event.message_id and self._member.pictures(event.message_id):
                self.shown_s.setdefault(event.message_id, now_s)
                self._changed.set()

    async def times_ms(self, asked_s: Mapping[str, float]) -> tuple[list[float], list[float]]:
        """Wait for the pictures of all; return the milliseconds to each acknowledgement and to each card."""
        async with asyncio.timeout(PATIENCE_S):
            while not all(self._card(interaction) in self.shown_s for interaction in asked_s):
                self._changed.clear()
                await self._changed.wait()
        acks = [(self.acked_s[interaction] - at_s) * 1000 for interaction, at_s in asked_s.items()]
        cards = [(self.shown_s[self._card(interaction)] - at_s) * 1000 for interaction, at_s in asked_s.items()]
        return acks, cards

    def _card(self, interaction_id: str) -> str:
        return str(self._box.container.interactions.get(interaction_id).original_response_id)


class Crowd:
    """Members who ask for pictures in turn."""

    def __init__(self, box: Sandbox) -> None:
        for number in range(CROWD):
            user = User(str(121000000000000000 + number), f"member{number}", f"Member {number}", "#95a5a6")
            box.world.users[user.id] = user
            box.world.guild(STUDIO).members[user.id] = GuildMember(user.id)
        self._turns = itertools.cycle([box.member(f"member{number}") for number in range(CROWD)])

    async def ask(self) -> tuple[str, float]:
        """Give the command; return the interaction, and when that was."""
        member, asked_s = next(self._turns), time.perf_counter()
        return (await member.slash("imagine", prompt="a red heart")).id, asked_s


@asynccontextmanager
async def _bot(box: Sandbox, module: str = "bot") -> AsyncIterator[None]:
    """Run `atelier`, or another bot, against the local Discord, with no model."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "DISCORD_TOKEN": box.token,
            "DISCORD_API_URL": box.url,
            "DATA_DIR": folder,
            "DEVICES": "cpu",
            "ENGINES": "tests.bench.noop:build",
            "DAILY_CREDITS": "1000000",
            "CREDITS_CAP": "1000000",
            "MAX_QUEUED": "100000",
            "MAX_RUNNING": "100000",
            "LOG_LEVEL": "ERROR",
        }
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, env=environment)
        try:
            await box.until(lambda: box.bot_online or process.returncode is not None, timeout_s=60.0)
            if process.returncode is not None:
                raise RuntimeError("The bot did not start; see above.")
            yield
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _road(alone: int, module: str = "bot") -> dict[str, float]:
    async with Sandbox() as box:
        crowd = Crowd(box)
        async with _bot(box, module):
            return await _times(box, crowd, alone)


async def _times(box: Sandbox, crowd: Crowd, alone: int) -> dict[str, float]:
    stopwatch = Stopwatch(box, box.member("ben"))
    watching = asyncio.create_task(stopwatch.run())
    await _alone(stopwatch, crowd, WARM_UP)
    acks, cards = await _alone(stopwatch, crowd, alone)
    rested, _ = await _alone(stopwatch, crowd, RESTED, rest_s=REST_S)
    burst_acks, burst_cards = await stopwatch.times_ms(dict([await crowd.ask() for _ in range(BURST)]))
    watching.cancel()
    return {
        **_percentiles("ack_ms", acks),
        **_percentiles("ack_ms_rested", rested),
        **_percentiles("own_ms", cards),
        **_percentiles("ack_ms", burst_acks, f"_at_{BURST}"),
        **_percentiles("own_ms", burst_cards, f"_at_{BURST}"),
        f"cards_per_s_at_{BURST}": BURST / (max(burst_cards) / 1000),
    }


async def _alone(
    stopwatch: Stopwatch, crowd: Crowd, times: int, *, rest_s: float = 0.0
) -> tuple[list[float], list[float]]:
    """Ask so many times, each time when the card before is there, and a rest later."""
    acks: list[float] = []
    cards: list[float] = []
    for _ in range(times):
        await asyncio.sleep(rest_s)
        interaction, at_s = await crowd.ask()
        ack, card = await stopwatch.times_ms({interaction: at_s})
        acks += ack
        cards += card
    return acks, cards


def _bare(figures: Mapping[str, float]) -> dict[str, float]:
    """Return the floor's figures, as far as they are of use."""
    names = ("ack_ms_p50", "ack_ms_rested_p50", "own_ms_p50", "own_ms_p99", f"cards_per_s_at_{BURST}")
    return {f"bare_{name}": figures[name] for name in names}


async def _claims(claims: int) -> dict[str, float]:
    few, many = await time_claims([Queue(100, 1), Queue(1000, 10)], claims=claims)
    figures = {"claim_ms_at_100": _percentile(few, 50), "claim_ms_at_10000": _percentile(many, 50)}
    return figures | {"claim_ratio_10000_over_100": figures["claim_ms_at_10000"] / figures["claim_ms_at_100"]}


def _percentiles(name: str, values: Sequence[float], suffix: str = "") -> dict[str, float]:
    return {f"{name}_p{share}{suffix}": _percentile(values, share) for share in (50, 99)}


def _percentile(values: Sequence[float], share: int) -> float:
    """Return the smallest value that `share` per cent of the values do not exceed."""
    return sorted(values)[max(0, -(-len(values) * share // 100) - 1)]


async def _life(jobs: int) -> dict[str, float]:
    life = await time_life(jobs)
    medians = {f"{name}_ms": _percentile(taken, 50) for name, taken in life.taken_ms.items()}
    return {"statements_a_job": life.statements, **medians}


def measure(quick: bool) -> dict[str, float]:
    """Return all figures."""
    alone = 100 if quick else 400
    road, bare = asyncio.run(_road(alone)), _bare(asyncio.run(_road(alone, "tests.bench.bare_bot")))
    claims, life = asyncio.run(_claims(40 if quick else 90)), asyncio.run(_life(100 if quick else 300))
    return road | bare | claims | life


if __name__ == "__main__":
    report.main("overhead", __doc__, measure)
