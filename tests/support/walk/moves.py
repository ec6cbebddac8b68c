"""What a member can do now, found in what they see: nothing here knows a command or a button by its name."""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.sandbox.human.client import HumanClient, InteractionResult
from bot.sandbox.limits.components import walk
from bot.sandbox.limits.modal import input_components
from bot.sandbox.server import Sandbox
from bot.sandbox.state.enums import SELECTS, ButtonStyle, CommandType, ComponentType, OptionType
from bot.sandbox.state.messages import Message
from bot.sandbox.state.world import Channel
from tests.support.walk import typed
from tests.support.walk.filling import Filler

Json = dict[str, Any]
Do = Callable[[], Awaitable[InteractionResult | None]]
LOOKED_BACK = 60  # messages of a channel that somebody scrolls through
GROUPS = (OptionType.SUB_COMMAND, OptionType.SUB_COMMAND_GROUP)
ID = re.compile(r"[0-9a-z]{26}")
EMOJIS = ("✉️", "📩", "⭐", "🌟", "❌", "✖️", "👍", "🎉")
MAKES_JOBS = 8  # how much more often the commands are chosen that take a prompt


@dataclass(frozen=True, slots=True)
class Move:
    """Something that a member does; done again, it is the same."""

    kind: str  # such as `/imagine` or `job:info`
    told: str
    do: Do


class Member:
    """One of those who walk."""

    def __init__(self, box: Sandbox, who: HumanClient, chance: random.Random, used: Counter[str]) -> None:
        """Let somebody walk.

        Args:
            box: the local Discord.
            who: the member.
            chance: makes all choices.
            used: how often which kind of move was made, by anybody: what is new is tried first.
        """
        self.who = who
        self._box = box
        self._chance = chance
        self._used = used

    async def move(self) -> Move | None:
        """Return something that they can do now; None: there is nothing of that sort."""
        ways: dict[Callable[[], Any], int] = {
            self._fill_form: 60,
            self._command: 28,
            self._component: 50,
            self._menu: 5,
            self._react: 6,
            self._say: 6,
            self._delete: 2,
        }
        (way,) = self._chance.choices([*ways], weights=[*ways.values()])
        found: Move | None = await way()
        return found

    def channels(self) -> list[Channel]:
        """Return the channels that they see, of those with the bot."""
        world = self._box.world
        seen = [one for one in world.channels.values() if world.can_see(self.who.id, one)]
        return [one for one in seen if world.can_see(world.bot_id, one)]

    def visible(self, channel: Channel) -> list[Message]:
        """Return the messages that they see in a channel, the newest first."""
        found = self._box.container.messages.in_channel(channel.id)
        return [one for one in found if one.visible_to in (None, self.who.id)][: -LOOKED_BACK - 1 : -1]

    def usable(self) -> Iterator[tuple[Message, Json]]:
        """Yield the buttons and menus that they could use, each with its message."""
        for channel in self.channels():
            for message in self.visible(channel):
                if message.author_id != self._box.world.bot_id:
                    continue
                for component, _ in walk(message.components):
                    is_link = component.get("style") in (ButtonStyle.LINK, ButtonStyle.PREMIUM)
                    is_button = component["type"] == ComponentType.BUTTON and not is_link
                    if (is_button or component["type"] in SELECTS) and not component.get("disabled"):
                        yield message, component

    # -- what they can do ------------------------------------------------------------------------------------------

    async def _command(self) -> Move | None:
        channel = await self._somewhere()
        guild = self._box.world.guild_of(channel)
        offered = self._box.container.commands.visible(self.who.id, guild)
        leaves = [leaf for one in offered if one["type"] == CommandType.CHAT_INPUT for leaf in _leaves(one, [])]
        if not leaves:
            return None
        ((name, options),) = self._chance.choices(leaves, weights=[self._command_weight(*one) for one in leaves])
        values = self._filler(channel).options(options)
        await self._complete(channel, name, options, values)
        told = f"/{name} {_told(values)} in {channel.name or 'direct messages'}"
        given = {f"{key}_": value for key, value in values.items()}
        return Move(f"/{name}", told, lambda: self.who.slash(name, channel=channel.id, **given))

    async def _component(self) -> Move | None:
        by_kind: dict[str, list[tuple[Message, Json]]] = defaultdict(list)
        for message, component in self.usable():
            by_kind[":".join(component["custom_id"].split(":")[:2])].append((message, component))
        if not by_kind:
            return None
        (kind,) = self._chance.choices([*by_kind], weights=[self._newness(kind) for kind in by_kind])
        message, component = self._chance.choice(by_kind[kind][:12])
        custom_id, where = component["custom_id"], self._told(message)
        if component["type"] == ComponentType.BUTTON:
            told = f"presses {component.get('label') or custom_id} ({kind}) on {where}"
            return Move(kind, told, lambda: self.who.press(message.id, custom_id))
        values = self._filler(self._box.world.channel(message.channel_id)).chosen(component)
        if len(values) < component.get("min_values", 1):
            return None
        told = f"chooses {', '.join(values)} ({kind}) on {where}"
        return Move(kind, told, lambda: self.who.select(message.id, custom_id, *values))

    async def _fill_form(self) -> Move | None:
        opened = self._box.container.interactions.with_open_modal(self.who.id)
        if not opened:
            return None
        interaction = self._chance.choice(opened)
        modal, channel = interaction.modal or {}, self._box.world.channel(interaction.channel_id)
        title = modal["title"]
        if self._chance.random() < 0.1:
            await self.who.do("cancel", interaction_id=interaction.id)
            return None
        values = self._filler(channel).fields(input_components(modal))
        told = f"sends the form {title}: {_told({_label(modal, name): value for name, value in values.items()})}"
        return Move(f"form {title}", told, lambda: self.who.submit(interaction.id, **values))

    async def _menu(self) -> Move | None:
        channel = await self._somewhere()
        offered = self._box.container.commands.visible(self.who.id, self._box.world.guild_of(channel))
        menus = [one for one in offered if one["type"] != CommandType.CHAT_INPUT]
        messages = self.visible(channel)
        if not menus or not messages:
            return None
        menu, message = self._chance.choice(menus), self._chance.choice(messages)
        name = menu["name"]
        if menu["type"] == CommandType.USER:
            user_id, where = message.author_id, channel.id
            told = f"menu {name} of a member"
            return Move(f"menu {name}", told, lambda: self.who.context_menu(name, user_id=user_id, channel=where))
        told = f"menu {name} of {self._told(message)}"
        return Move(f"menu {name}", told, lambda: self.who.context_menu(name, message_id=message.id))

    async def _react(self) -> Move | None:
        messages = [one for one in self.visible(await self._somewhere()) if one.visible_to is None]
        if not messages:
            return None
        message, emoji = self._chance.choice(messages[:20]), self._chance.choice(EMOJIS)
        remove = self.who.id in message.reactions.get(emoji, ())

        async def react() -> None:
            await self.who.react(message.id, emoji, remove=remove)

        return Move("reaction", f"{'takes back' if remove else 'reacts with'} {emoji} on {self._told(message)}", react)

    async def _say(self) -> Move | None:
        channel, chance = await self._somewhere(), self._chance
        if chance.random() < 0.3:
            clip = typed.clip(chance)

            async def speak() -> None:
                await self.who.voice(clip, 2.0, channel=channel.id)

            return Move("voice", f"says {clip!r} in {channel.name or 'direct messages'}", speak)
        words, messages = typed.said(chance), self.visible(channel)
        reply_to = chance.choice(messages).id if messages and chance.random() < 0.6 else None
        files = [typed.file(chance)] if chance.random() < 0.3 else None

        async def say() -> None:
            await self.who.say(words, channel=channel.id, reply_to=reply_to, files=files)

        told = f"says {words[:80]!r}{' in reply' if reply_to else ''}{' with a file' if files else ''}"
        return Move("reply" if reply_to else "message", told, say)

    async def _delete(self) -> Move | None:
        messages = self.visible(await self._somewhere())
        theirs = [one for one in messages if self.who.id in (one.author_id, one.visible_to)]
        if not theirs:
            return None
        message = self._chance.choice(theirs)

        async def delete() -> None:
            await self.who.do("dismiss" if message.visible_to else "delete", message_id=message.id)

        return Move("delete", f"removes {self._told(message)}", delete)

    # -- where, and with what ------------------------------------------------------------------------------------------

    async def _somewhere(self) -> Channel:
        """Return a channel of a server, or the direct messages with the bot, which there are from the first time on."""
        if self._chance.random() < 0.2:
            return self._box.world.channel(await self.who.dm())
        return self._chance.choice([one for one in self.channels() if one.guild_id])

    def _command_weight(self, name: str, options: list[Json]) -> float:
        more = MAKES_JOBS if any(one["name"] == "prompt" for one in options) else 1
        return more * self._newness(f"/{name}")

    def _newness(self, kind: str) -> float:
        return float((1 + self._used[kind]) ** -0.5)

    def _filler(self, channel: Channel) -> Filler:
        seen = [match for _, one in self.usable() for match in ID.findall(one["custom_id"])]
        return Filler(self._box, self._chance, channel, tuple(dict.fromkeys(seen)))

    async def _complete(self, channel: Channel, name: str, options: list[Json], values: Json) -> None:
        """Choose what the bot offers while some of the options are typed."""
        for option in options:
            focused = option["name"]
            if not option.get("autocomplete") or focused not in values or self._chance.random() < 0.3:
                continue
            begun = str(values[focused])[: self._chance.randint(0, 4)]
            typed_so_far = {key: value for key, value in values.items() if key != focused} | {focused: begun}
            shown = await self.who.do(
                "autocomplete", channel_id=channel.id, command=name, focused=focused, options=typed_so_far
            )
            assert not shown["failed"], f"/{name}: {focused} could not be completed"
            if shown["choices"]:
                values[focused] = self._chance.choice(shown["choices"])["value"]

    def _told(self, message: Message) -> str:
        channel = self._box.world.channel(message.channel_id)
        place = channel.name or "direct messages"
        number = [one.id for one in self._box.container.messages.in_channel(channel.id)].index(message.id)
        return f"message {number} of {place}{' (private)' if message.visible_to else ''}"


def _leaves(command: Json, path: list[str]) -> Iterator[tuple[str, list[Json]]]:
    """Yield the commands below one, by their whole names, with their options."""
    options, here = command.get("options") or [], [*path, command["name"]]
    below = [option for option in options if option["type"] in GROUPS]
    for option in below:
        yield from _leaves(option, here)
    if not below:
        yield " ".join(here), options


def _label(modal: Json, custom_id: str) -> str:
    found = (one["label"] for one in modal["components"] if one.get("component", {}).get("custom_id") == custom_id)
    return str(next(found, custom_id))


def _told(values: Json) -> str:
    def short(value: Any) -> str:
        if isinstance(value, list):
            return "[" + ", ".join(map(short, value)) + "]"
        return getattr(value, "filename", None) or repr(value if not isinstance(value, str) else value[:60])

    return ", ".join(f"{name}={short(value)}" for name, value in values.items())
