"""Everything that the sandbox is made of, built once."""

from dataclasses import dataclass

from bot.sandbox.clock import SandboxClock
from bot.sandbox.events import EventBus
from bot.sandbox.faults import Faults
from bot.sandbox.gateway.gateway import Gateway
from bot.sandbox.interactions.commands import ApplicationCommands
from bot.sandbox.interactions.payloads import InteractionPayloads
from bot.sandbox.interactions.registry import InteractionRegistry
from bot.sandbox.interactions.responses import InteractionResponses
from bot.sandbox.messages.writer import MessageWriter
from bot.sandbox.state.attachments import AttachmentStore
from bot.sandbox.state.messages import MessageStore
from bot.sandbox.state.payloads import Payloads
from bot.sandbox.state.seed import new_world
from bot.sandbox.state.snowflakes import SnowflakeGenerator
from bot.sandbox.state.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """What a route, an action or a test may need."""

    clock: SandboxClock
    events: EventBus
    faults: Faults
    snowflakes: SnowflakeGenerator
    world: World
    attachments: AttachmentStore
    messages: MessageStore
    payloads: Payloads
    gateway: Gateway
    message_writer: MessageWriter
    commands: ApplicationCommands
    interactions: InteractionRegistry
    responses: InteractionResponses


def build_container(*, token: str, heartbeat_s: float, clock: SandboxClock | None = None) -> Container:
    """Build a new world and everything that serves it.

    Args:
        token: the bot's token.
        heartbeat_s: the interval at which the bot is asked for heartbeats.
        clock: the clock to follow; None for a new one.
    """
    clock, events, faults, world = clock or SandboxClock(), EventBus(), Faults(), new_world()
    snowflakes = SnowflakeGenerator(clock)
    attachments = AttachmentStore(clock, snowflakes)
    messages = MessageStore(clock, snowflakes, attachments)
    payloads = Payloads(world, messages, attachments)
    gateway = Gateway(world, payloads, events, faults, token=token, heartbeat_s=heartbeat_s)
    message_writer = MessageWriter(
        world=world,
        messages=messages,
        attachments=attachments,
        payloads=payloads,
        gateway=gateway,
        events=events,
    )
    interaction_payloads = InteractionPayloads(world, payloads)
    interactions = InteractionRegistry(
        clock=clock,
        snowflakes=snowflakes,
        payloads=interaction_payloads,
        gateway=gateway,
        events=events,
        faults=faults,
    )
    return Container(
        clock=clock,
        events=events,
        faults=faults,
        snowflakes=snowflakes,
        world=world,
        attachments=attachments,
        messages=messages,
        payloads=payloads,
        gateway=gateway,
        message_writer=message_writer,
        commands=ApplicationCommands(world, snowflakes),
        interactions=interactions,
        responses=InteractionResponses(
            world=world,
            messages=messages,
            message_writer=message_writer,
            interactions=interactions,
            payloads=interaction_payloads,
        ),
    )
