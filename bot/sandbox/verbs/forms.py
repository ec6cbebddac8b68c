"""Verbs for forms (modals): submitting what was filled in, or closing them."""

from typing import Any

from bot.sandbox.errors import HumanError
from bot.sandbox.interaction import Interaction
from bot.sandbox.limits.components import ROW, TEXT
from bot.sandbox.limits.modal import fields_of
from bot.sandbox.options import Resolver
from bot.sandbox.parts import Parts
from bot.sandbox.verbs.act import chosen, opened
from bot.sandbox.verbs.ask import Ask
from bot.sandbox.world import User

Json = dict[str, Any]


async def submit(parts: Parts, me: User, ask: Ask) -> Json:
    """Submit the form that an interaction opened."""
    parent = _open_form(parts, me, ask)
    modal = parent.modal or {}
    values = ask.mapping("values")
    known = {field["custom_id"] for field in fields_of(modal)}
    if unknown := set(values) - known:
        raise HumanError("invalid", f"The form has no field {', '.join(sorted(unknown))}.")
    channel = parts.world.channel(parent.channel_id)
    filler = _Filler(Resolver(parts.world, parts.payloads, parts.files, channel), values, ask)
    components = [filler.component(component) for component in modal["components"]]
    data = {"custom_id": modal["custom_id"], "components": components, "resolved": filler.resolver.resolved}
    interaction = parts.interactions.open("modal", me, channel, data, source=parent.source, parent=parent)
    return await opened(parts, interaction, ask)


async def cancel(parts: Parts, me: User, ask: Ask) -> Json:
    """Close a form; the bot is not told."""
    parts.interactions.close_modal(_open_form(parts, me, ask))
    return {}


def _open_form(parts: Parts, me: User, ask: Ask) -> Interaction:
    wanted = ask.text("interaction_id")
    for interaction in parts.interactions.modals_of(me.id):
        if interaction.id == wanted:
            return interaction
    raise HumanError("unknown_modal", "No such form is open before this member.", 404)


class _Filler:
    """Turns a form's components into those of a submission."""

    def __init__(self, resolver: Resolver, values: Json, ask: Ask) -> None:
        self.resolver = resolver
        self._values = values
        self._ask = ask
        self._ids = iter(range(1, 100))

    def component(self, component: Json) -> Json:
        body: Json = {"type": component["type"], "id": component.get("id") or next(self._ids)}
        if component["type"] == TEXT:
            return body
        if component["type"] == ROW:
            return body | {"components": [self._field(field) for field in component["components"]]}
        return body | {"component": self._field(component["component"])}

    def _field(self, field: Json) -> Json:
        custom_id, kind = field["custom_id"], field["type"]
        body: Json = {"type": kind, "custom_id": custom_id, "id": field.get("id") or next(self._ids)}
        value = self._values.get(custom_id)
        required = field.get("required", True)
        match kind:
            case 4:
                return body | {"value": _text(field, value, required=required)}
            case 19:
                return body | {"values": self._files(field, value or [], required=required)}
            case 21:
                return body | {"value": _radio(field, value, required=required)}
            case 22:
                return body | {"values": self._chosen(field, value, required=required)}
            case 23:
                return body | {"value": bool(field.get("default", False) if value is None else value)}
        return body | {"values": self._chosen(field, value, required=required)}

    def _chosen(self, field: Json, value: Any, *, required: bool) -> list[str]:
        if value is None:
            value = [o["value"] for o in field.get("options") or [] if o.get("default")]
            value += [str(d["id"]) for d in field.get("default_values") or []]
        if not isinstance(value, list):
            raise HumanError("invalid", f"{field['custom_id']} must be a list.")
        if not value and not required:
            return []
        most = field.get("max_values", len(field.get("options") or []) if field["type"] == 22 else 1)
        return chosen(field | {"max_values": most}, value, self.resolver)

    def _files(self, field: Json, value: Any, *, required: bool) -> list[str]:
        fewest, most = field.get("min_values", 1) if required else 0, field.get("max_values", 1)
        if not isinstance(value, list) or not fewest <= len(value) <= most:
            raise HumanError("invalid", f"{field['custom_id']} takes {fewest} to {most} files.")
        return [self.resolver.attachment(self._ask.upload(item)) for item in value]


def _text(field: Json, value: Any, *, required: bool) -> str:
    text = field.get("value") or "" if value is None else value
    if not isinstance(text, str):
        raise HumanError("invalid", f"{field['custom_id']} must be a string.")
    if not text and not required:
        return ""
    shortest, longest = max(1, field.get("min_length") or 0), field.get("max_length") or 4000
    if not shortest <= len(text) <= longest:
        raise HumanError("invalid", f"{field['custom_id']} takes {shortest} to {longest} characters.")
    return text


def _radio(field: Json, value: Any, *, required: bool) -> str | None:
    options = field.get("options") or []
    if value is None:
        value = next((o["value"] for o in options if o.get("default")), None)
    if value is None and not required:
        return None
    if value not in [o["value"] for o in options]:
        raise HumanError("invalid", f"{field['custom_id']} must be one of its options.")
    return str(value)
