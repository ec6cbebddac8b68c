"""What a person enters into a command or modal, as the values and the resolved data of an interaction.

https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object-resolved-data-structure
"""

from collections.abc import Callable
from typing import Any

from bot.sandbox.errors import HumanError
from bot.sandbox.state.attachments import AttachmentStore, Upload
from bot.sandbox.state.enums import ComponentType, OptionType
from bot.sandbox.state.payloads import Payloads
from bot.sandbox.state.world import Channel, World

Json = dict[str, Any]

_TYPES: dict[int, tuple[type, ...]] = {
    OptionType.STRING: (str,),
    OptionType.INTEGER: (int,),
    OptionType.BOOLEAN: (bool,),
    OptionType.NUMBER: (int, float),
}
_MAX_STRING_LENGTH = 6000


class Resolver:
    """Collects the users, members, roles, channels and attachments that an interaction refers to.

    Each method returns an id; `resolved` then has the object for it.
    """

    def __init__(self, world: World, payloads: Payloads, attachments: AttachmentStore, channel: Channel) -> None:
        self._world = world
        self._payloads = payloads
        self._attachments = attachments
        self._channel = channel
        self._guild = world.guild_of(channel)
        self.resolved: dict[str, Json] = {}

    def user(self, value: Any) -> str:
        """Resolve a user of this guild or conversation, by id or user name.

        Raises:
            HumanError: if there is none.
        """
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
        """Resolve a role of this guild, by id or name.

        Raises:
            HumanError: if there is none.
        """
        for role in self._guild.roles.values() if self._guild else ():
            if str(value) in (role.id, role.name):
                self._add("roles", role.id, self._payloads.role(role))
                return role.id
        raise HumanError("invalid", f"There is no role {value} here.")

    def channel(self, value: Any, types: list[int] | None = None) -> str:
        """Resolve a channel of this guild, by id or name; with `types`, only one of these.

        Raises:
            HumanError: if there is none.
        """
        for channel in self._world.channels_of(self._guild) if self._guild else ():
            if str(value) in (channel.id, channel.name) and (not types or channel.type in types):
                self._add("channels", channel.id, self._payloads.partial_channel(channel, self._world.bot_id))
                return channel.id
        raise HumanError("invalid", f"There is no channel {value} here.")

    def mentionable(self, value: Any) -> str:
        """Resolve a user or a role.

        Raises:
            HumanError: if there is none.
        """
        try:
            return self.user(value)
        except HumanError:
            return self.role(value)

    def attachment(self, upload: Upload) -> str:
        """Keep a file and resolve it.

        Raises:
            HumanError: if it is too large.
        """
        if len(upload.content) > self._world.upload_limit_bytes(self._channel):
            raise HumanError("too_large", f"{upload.filename} is larger than files may be here.", 413)
        attachment = self._attachments.add(upload, self._channel.id, ephemeral=True)
        self._add("attachments", attachment.id, self._attachments.payload(attachment))
        return attachment.id

    def _add(self, kind: str, item_id: str, payload: Json) -> None:
        self.resolved.setdefault(kind, {})[item_id] = payload


def build_options(
    offered: list[Json],
    given: Json,
    resolver: Resolver,
    open_file: Callable[[Any], Upload],
    *,
    focused: str | None = None,
) -> list[Json]:
    """Return the options of a command interaction, checked as Discord's client checks them.

    Args:
        offered: the options that the command has.
        given: what the person entered, by the option's name.
        resolver: takes what the options refer to.
        open_file: turns what was entered for an attachment into a file.
        focused: the option that is being typed, for autocomplete; nothing is required or checked then.

    Raises:
        HumanError: if the client would not send the command.
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
            if option["type"] != OptionType.ATTACHMENT and isinstance(value, str | int | float):
                options.append({"type": option["type"], "name": name, "value": value, "focused": name == focused})
        else:
            options.append({"type": option["type"], "name": name, "value": _value(option, value, resolver, open_file)})
    return options


def check_selection(menu: Json, values: list[Any], resolver: Resolver) -> list[str]:
    """Return what a person chose from a select menu, checked as Discord's client checks it.

    Args:
        menu: the component.
        values: values of its options, or ids or names of what the menu is for.
        resolver: takes what the ids refer to.

    Raises:
        HumanError: if the client would not offer this choice.
    """
    fewest, most = menu.get("min_values", 1), menu.get("max_values", 1)
    if not fewest <= len(values) <= most or len(set(map(str, values))) < len(values):
        raise HumanError("invalid", f"Choose {fewest} to {most} different values.")
    match menu["type"]:
        case ComponentType.USER_SELECT:
            return [resolver.user(value) for value in values]
        case ComponentType.ROLE_SELECT:
            return [resolver.role(value) for value in values]
        case ComponentType.MENTIONABLE_SELECT:
            return [resolver.mentionable(value) for value in values]
        case ComponentType.CHANNEL_SELECT:
            return [resolver.channel(value, menu.get("channel_types")) for value in values]
    offered = [option["value"] for option in menu.get("options") or []]
    if unknown := [value for value in values if value not in offered]:
        raise HumanError("invalid", f"{unknown[0]} is not among the options.")
    return values


def _value(option: Json, value: Any, resolver: Resolver, open_file: Callable[[Any], Upload]) -> Any:
    match option["type"]:
        case OptionType.USER:
            return resolver.user(value)
        case OptionType.CHANNEL:
            return resolver.channel(value, option.get("channel_types"))
        case OptionType.ROLE:
            return resolver.role(value)
        case OptionType.MENTIONABLE:
            return resolver.mentionable(value)
        case OptionType.ATTACHMENT:
            return resolver.attachment(open_file(value))
    _check_plain(option, value)
    return value


def _check_plain(option: Json, value: Any) -> None:
    name, kind = option["name"], option["type"]
    is_right_type = isinstance(value, _TYPES[kind]) and (kind == OptionType.BOOLEAN or not isinstance(value, bool))
    if not is_right_type:
        raise HumanError("invalid", f"{name} cannot be {value!r}.")
    if choices := option.get("choices"):
        if value not in [choice["value"] for choice in choices]:
            raise HumanError("invalid", f"{name} must be one of the choices.")
    elif kind == OptionType.STRING:
        if not (option.get("min_length") or 0) <= len(value) <= (option.get("max_length") or _MAX_STRING_LENGTH):
            raise HumanError("invalid", f"{name} is too short or too long.")
    elif kind in (OptionType.INTEGER, OptionType.NUMBER):
        least, most = option.get("min_value"), option.get("max_value")
        if (least is not None and value < least) or (most is not None and value > most) or abs(value) > 2**53:
            raise HumanError("invalid", f"{name} is too small or too large.")
