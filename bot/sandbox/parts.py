"""The parts of the sandbox, put together once."""

from dataclasses import dataclass

from bot.sandbox.answers import Answers
from bot.sandbox.bus import Bus
from bot.sandbox.clock import Clock
from bot.sandbox.commands import Commands
from bot.sandbox.faults import Faults
from bot.sandbox.files import Files
from bot.sandbox.gateway import Gateway
from bot.sandbox.interactions import Interactions
from bot.sandbox.messages import Messages
from bot.sandbox.payloads import Payloads
from bot.sandbox.posting import Posting
from bot.sandbox.seed import new_world
from bot.sandbox.snowflakes import Snowflakes
from bot.sandbox.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything that a route, a verb or a test may need."""

    clock: Clock
    bus: Bus
    faults: Faults
    snowflakes: Snowflakes
    world: World
    files: Files
    messages: Messages
    payloads: Payloads
    gateway: Gateway
    posting: Posting
    commands: Commands
    interactions: Interactions
    answers: Answers


def build_parts(*, token: str, heartbeat_s: float, clock: Clock | None = None) -> Parts:
    """Return a new world and the parts that serve it."""
    clock, bus, faults, world = clock or Clock(), Bus(), Faults(), new_world()
    snowflakes = Snowflakes(clock)
    files = Files(clock, snowflakes)
    messages = Messages(clock, snowflakes, files)
    payloads = Payloads(world, messages, files)
    gateway = Gateway(world, payloads, bus, faults, token=token, heartbeat_s=heartbeat_s)
    posting = Posting(world, messages, files, payloads, gateway, bus)
    interactions = Interactions(
        world=world,
        clock=clock,
        snowflakes=snowflakes,
        payloads=payloads,
        gateway=gateway,
        bus=bus,
        faults=faults,
    )
    return Parts(
        clock=clock,
        bus=bus,
        faults=faults,
        snowflakes=snowflakes,
        world=world,
        files=files,
        messages=messages,
        payloads=payloads,
        gateway=gateway,
        posting=posting,
        commands=Commands(world, snowflakes),
        interactions=interactions,
        answers=Answers(world, messages, posting, interactions),
    )
