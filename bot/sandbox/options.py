"""What a person gives to a command or form, turned into the values and `resolved` objects of an interaction."""

from collections.abc import Callable
from typing import Any

from bot.sandbox.errors import HumanError
from bot.sandbox.files import Files, Upload
from bot.sandbox.payloads import Payloads
from bot.sandbox.world import Channel, World

Json = dict[str, Any]

_KINDS: dict[int, tuple[type, ...]] = {3: (str,), 4: (int,), 5: (bool,), 10: (int, float)}


class Resolver:
    """Collects the users, members, roles, channels and files that an interaction speaks of."""

    def __init__(self, world: World, payloads: Payloads, files: Files, channel: Channel) -> None:
        self._world = world
        self._payloads = payloads
        self._files = files
        self._channel = channel
        self._guild = world.guild_of(channel)
        self.resolved: dict[str, Json] = {}

    def user(self, value: Any) -> str:
        """Resolve an account that is here, by its id or user name."""
        here = self._guild.members if self._guild else self._channel.recipients
        for user_id in here:
            user = self._world.user(user_id)
            if str(value) in (user.id, user.username):
                self._add("users", user_id, self._payloads.user(user))
                if self._guild:
                    member = self._payloads.member(self._guild, user_id, with_user=False)
                    self._add("members", user_id, member | {"permissions": "0"})
                return user_id
        raise HumanError("invalid", f"There is no member {value} here.")

    def role(self, value: Any) -> str:
        """Resolve a role of this guild, by its id or name."""
        for role in self._guild.roles.values() if self._guild else ():
            if str(value) in (role.id, role.name):
                self._add("roles", role.id, self._payloads.role(role))
                return role.id
        raise HumanError("invalid", f"There is no role {value} here.")

    def channel(self, value: Any, types: list[int] | None = None) -> str:
        """Resolve a channel of this guild, by its id or name."""
        for channel in self._world.channels_of(self._guild) if self._guild else ():
            if str(value) in (channel.id, channel.name) and (not types or channel.type in types):
                self._add("channels", channel.id, self._payloads.partial_channel(channel, self._world.bot_id))
                return channel.id
        raise HumanError("invalid", f"There is no channel {value} here.")

    def mentionable(self, value: Any) -> str:
        """Resolve an account or a role."""
        try:
            return self.user(value)
        except HumanError:
            return self.role(value)

    def attachment(self, upload: Upload) -> str:
        """Keep a file and resolve it."""
        if len(upload.content) > self._world.upload_limit_bytes(self._channel):
            raise HumanError("too_large", f"{upload.filename} is larger than files may be here.", 413)
        stored = self._files.add(upload, self._channel.id, ephemeral=True)
        self._add("attachments", stored.id, self._files.payload(stored))
        return stored.id

    def _add(self, kind: str, item_id: str, payload: Json) -> None:
        self.resolved.setdefault(kind, {})[item_id] = payload


def give_options(
    offered: list[Json],
    given: Json,
    resolver: Resolver,
    open_file: Callable[[Any], Upload],
    *,
    focused: str | None = None,
) -> list[Json]:
    """Return the options of an interaction, checked as Discord's client checks them.

    Parameters: offered: the command's options. given: values by name. focused: the option being typed (autocomplete),
    for which nothing is required or checked yet.
    """
    if unknown := set(given) - {o["name"] for o in offered}:
        raise HumanError("invalid", f"There is no option {', '.join(sorted(unknown))}.")
    options = []
    for option in offered:
        name, value = option["name"], given.get(option["name"])
        if value is None:
            if option.get("required") and focused is None:
                raise HumanError("invalid", f"{name} is required.")
            continue
        if focused is not None:
            if option["type"] != 11 and isinstance(value, str | int | float):
                options.append({"type": option["type"], "name": name, "value": value, "focused": name == focused})
        else:
            options.append({"type": option["type"], "name": name, "value": _value(option, value, resolver, open_file)})
    return options


def _value(option: Json, value: Any, resolver: Resolver, open_file: Callable[[Any], Upload]) -> Any:
    match option["type"]:
        case 6:
            return resolver.user(value)
        case 7:
            return resolver.channel(value, option.get("channel_types"))
        case 8:
            return resolver.role(value)
        case 9:
            return resolver.mentionable(value)
        case 11:
            return resolver.attachment(open_file(value))
    _check_plain(option, value)
    return value


def _check_plain(option: Json, value: Any) -> None:
    name, kind = option["name"], option["type"]
    right_kind = isinstance(value, _KINDS[kind]) and (kind == 5 or not isinstance(value, bool))
    if not right_kind:
        raise HumanError("invalid", f"{name} cannot be {value!r}.")
    if choices := option.get("choices"):
        if value not in [choice["value"] for choice in choices]:
            raise HumanError("invalid", f"{name} must be one of the choices.")
    elif kind == 3:
        if not (option.get("min_length") or 0) <= len(value) <= (option.get("max_length") or 6000):
            raise HumanError("invalid", f"{name} is too short or too long.")
    elif kind in (4, 10):
        least, most = option.get("min_value"), option.get("max_value")
        if (least is not None and value < least) or (most is not None and value > most) or abs(value) > 2**53:
            raise HumanError("invalid", f"{name} is too small or too large.")
