"""Filling in what is asked for: options of a command, fields of a form, choices of a menu."""

import random
from collections.abc import Mapping
from typing import Any

from bot.sandbox.server import Sandbox
from bot.sandbox.state.enums import ComponentType, OptionType
from bot.sandbox.state.world import Channel
from tests.support.walk import typed

Json = dict[str, Any]
NUMBER_MAX = 1000


class Filler:
    """Chooses values for one member in one channel; only such as the client would let them send."""

    def __init__(self, box: Sandbox, chance: random.Random, channel: Channel, seen_ids: tuple[str, ...]) -> None:
        self._world = box.world
        self._chance = chance
        self._channel = channel
        self._seen_ids = seen_ids
        guild = self._world.guild_of(channel)
        self._people = [*(guild.members if guild else channel.recipients)]
        self._roles = [*guild.roles] if guild else []
        self._channels = self._world.channels_of(guild) if guild else []

    def options(self, offered: list[Json]) -> Json:
        """Return values for a command's options: the required ones, and some of the others."""
        chosen = [one for one in offered if one.get("required") or self._chance.random() < 0.35]
        values = {option["name"]: self._option(option) for option in chosen}
        return {name: value for name, value in values.items() if value is not None}

    def fields(self, inputs: list[Json]) -> Json:
        """Return values for a form's fields, by their custom ids; what is left as it was is left out."""
        return {field["custom_id"]: value for field in inputs if (value := self._field(field)) is not None}

    def chosen(self, menu: Mapping[str, Any]) -> list[str]:
        """Return what is chosen from a menu; nothing where it offers too little."""
        match menu["type"]:
            case ComponentType.USER_SELECT:
                among = self._people
            case ComponentType.ROLE_SELECT:
                among = self._roles
            case ComponentType.MENTIONABLE_SELECT:
                among = [*self._people, *self._roles]
            case ComponentType.CHANNEL_SELECT:
                among = self._channel_ids(menu)
            case _:
                among = [option["value"] for option in menu.get("options") or []]
        least, most = menu.get("min_values", 1), min(menu.get("max_values", 1), len(among))
        return self._chance.sample(among, self._chance.randint(min(least, most), most))

    def _option(self, option: Json) -> Any:
        chance = self._chance
        if choices := option.get("choices"):
            return chance.choice(choices)["value"]
        match option["type"]:
            case OptionType.STRING:
                return self._text(option.get("min_length") or 0, option.get("max_length") or 6000)
            case OptionType.INTEGER:
                least = int(option.get("min_value", -NUMBER_MAX))
                return chance.randint(least, int(option.get("max_value", least + 2 * NUMBER_MAX)))
            case OptionType.NUMBER:
                low = float(option.get("min_value", -NUMBER_MAX))
                return round(chance.uniform(low, float(option.get("max_value", low + 2 * NUMBER_MAX))), 2)
            case OptionType.BOOLEAN:
                return chance.random() < 0.5
            case OptionType.USER:
                return chance.choice(self._people)
            case OptionType.CHANNEL:
                among = self._channel_ids(option)
                return chance.choice(among) if among else None
            case OptionType.ROLE:
                return chance.choice(self._roles) if self._roles else None
            case OptionType.MENTIONABLE:
                return chance.choice([*self._people, *self._roles])
        return typed.file(chance)

    def _field(self, field: Json) -> Any:
        chance, required = self._chance, field.get("required", True)
        if field["type"] == ComponentType.FILE_UPLOAD:
            most = field.get("max_values", 1)
            least = field.get("min_values", 1) if required else 0
            return [typed.file(chance) for _ in range(chance.randint(least, most) if chance.random() < 0.6 else least)]
        if not required and chance.random() < 0.4:
            return None
        match field["type"]:
            case ComponentType.TEXT_INPUT:
                if field.get("value") and chance.random() < 0.5:
                    return None
                return self._text(max(1, field.get("min_length") or 0), field.get("max_length") or 4000)
            case ComponentType.RADIO_GROUP:
                return chance.choice(field["options"])["value"]
            case ComponentType.CHECKBOX:
                return chance.random() < 0.5
            case ComponentType.CHECKBOX_GROUP:
                return self.chosen({"max_values": len(field["options"])} | field)
        return self.chosen(field)

    def _text(self, least: int, most: int) -> str:
        return typed.text(self._chance, self._seen_ids)[:most].ljust(least, "x")

    def _channel_ids(self, about: Mapping[str, Any]) -> list[str]:
        types = about.get("channel_types")
        return [channel.id for channel in self._channels if not types or channel.type in types]
