"""Submitting a modal, or closing it."""

from typing import Any

from bot.sandbox.container import Container
from bot.sandbox.errors import HumanError
from bot.sandbox.human.interactions import interaction_json, new_resolver
from bot.sandbox.human.request import HumanRequest
from bot.sandbox.interactions.interaction import Interaction
from bot.sandbox.interactions.options import Resolver, check_selection
from bot.sandbox.limits.modal import input_components
from bot.sandbox.state.enums import ComponentType
from bot.sandbox.state.world import User

Json = dict[str, Any]


async def submit(container: Container, me: User, request: HumanRequest) -> Json:
    """Submit the modal that was the response to an interaction."""
    parent = _find_modal(container, me, request)
    modal = parent.modal or {}
    values = request.mapping("values")
    if unknown := set(values) - {component["custom_id"] for component in input_components(modal)}:
        raise HumanError("invalid", f"The modal has no field {', '.join(sorted(unknown))}.")
    channel = container.world.channel(parent.channel_id)
    submission = _Submission(new_resolver(container, channel), values, request)
    components = [submission.component(component) for component in modal["components"]]
    data = {"custom_id": modal["custom_id"], "components": components, "resolved": submission.resolver.resolved}
    interaction = container.interactions.create("modal", me, channel, data, message=parent.message, parent=parent)
    return await interaction_json(container, interaction, request)


async def cancel(container: Container, me: User, request: HumanRequest) -> Json:
    """Close a modal; the bot is not told."""
    container.interactions.close_modal(_find_modal(container, me, request))
    return {}


def _find_modal(container: Container, me: User, request: HumanRequest) -> Interaction:
    wanted = request.text("interaction_id")
    for interaction in container.interactions.with_open_modal(me.id):
        if interaction.id == wanted:
            return interaction
    raise HumanError("unknown_modal", "No such modal is open for this member.", 404)


class _Submission:
    """Turns the components of a modal into those of its submission."""

    def __init__(self, resolver: Resolver, values: Json, request: HumanRequest) -> None:
        self.resolver = resolver
        self._values = values
        self._request = request
        self._ids = iter(range(1, 100))

    def component(self, component: Json) -> Json:
        body: Json = {"type": component["type"], "id": component.get("id") or next(self._ids)}
        if component["type"] == ComponentType.TEXT_DISPLAY:
            return body
        if component["type"] == ComponentType.ACTION_ROW:
            return body | {"components": [self._input(one) for one in component["components"]]}
        return body | {"component": self._input(component["component"])}

    def _input(self, field: Json) -> Json:
        custom_id, kind = field["custom_id"], field["type"]
        body: Json = {"type": kind, "custom_id": custom_id, "id": field.get("id") or next(self._ids)}
        value = self._values.get(custom_id)
        required = field.get("required", True)
        match kind:
            case ComponentType.TEXT_INPUT:
                return body | {"value": _text(field, value, required=required)}
            case ComponentType.FILE_UPLOAD:
                return body | {"values": self._files(field, value or [], required=required)}
            case ComponentType.RADIO_GROUP:
                return body | {"value": _radio(field, value, required=required)}
            case ComponentType.CHECKBOX:
                return body | {"value": bool(field.get("default", False) if value is None else value)}
        return body | {"values": self._selected(field, value, required=required)}

    def _selected(self, field: Json, value: Any, *, required: bool) -> list[str]:
        if value is None:
            value = [o["value"] for o in field.get("options") or [] if o.get("default")]
            value += [str(d["id"]) for d in field.get("default_values") or []]
        if not isinstance(value, list):
            raise HumanError("invalid", f"{field['custom_id']} must be a list.")
        if not value and not required:
            return []
        is_checkbox_group = field["type"] == ComponentType.CHECKBOX_GROUP
        most = field.get("max_values", len(field.get("options") or []) if is_checkbox_group else 1)
        return check_selection(field | {"max_values": most}, value, self.resolver)

    def _files(self, field: Json, value: Any, *, required: bool) -> list[str]:
        fewest, most = field.get("min_values", 1) if required else 0, field.get("max_values", 1)
        if not isinstance(value, list) or not fewest <= len(value) <= most:
            raise HumanError("invalid", f"{field['custom_id']} takes {fewest} to {most} files.")
        return [self.resolver.attachment(self._request.upload(item)) for item in value]


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
