"""The limits of a modal.

https://discord.com/developers/docs/components/reference#label
"""

from typing import Any

from bot.sandbox.limits.body_errors import BodyErrors, Path
from bot.sandbox.limits.components import check_select, check_select_options
from bot.sandbox.state.enums import SELECTS, ComponentType

Json = dict[str, Any]

_TOP = (ComponentType.ACTION_ROW, ComponentType.TEXT_DISPLAY, ComponentType.LABEL)
_IN_LABEL = (
    ComponentType.TEXT_INPUT,
    *SELECTS,
    ComponentType.FILE_UPLOAD,
    ComponentType.RADIO_GROUP,
    ComponentType.CHECKBOX_GROUP,
    ComponentType.CHECKBOX,
)


def check_modal(modal: Json) -> None:
    """Check a modal.

    Raises:
        ApiError: if Discord would refuse it (50035).
    """
    errors = BodyErrors()
    errors.check_length(("data", "title"), modal.get("title"), 1, 45)
    errors.check_length(("data", "custom_id"), modal.get("custom_id"), 1, 100)
    components = modal.get("components") or []
    errors.check_count(("data", "components"), components, 1, 5)
    for index, component in enumerate(components):
        at: Path = ("data", "components", index)
        if not errors.check_choice((*at, "type"), component.get("type"), _TOP):
            continue
        if component["type"] == ComponentType.LABEL:
            _check_label(errors, component, at)
        elif component["type"] == ComponentType.ACTION_ROW:
            inside = component.get("components") or []
            if errors.check_count((*at, "components"), inside, 1, 1):
                errors.check_choice((*at, "components", 0, "type"), inside[0].get("type"), (ComponentType.TEXT_INPUT,))
                _check_input(errors, inside[0], (*at, "components", 0))
                errors.check_length((*at, "components", 0, "label"), inside[0].get("label"), 1, 45)
    ids = [field["custom_id"] for field in input_components(modal) if field.get("custom_id")]
    if len(set(ids)) < len(ids):
        errors.add(("data", "components"), "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
    errors.raise_if_any()


def input_components(modal: Json) -> list[Json]:
    """Return the components of a modal that a person fills in."""
    inputs: list[Json] = []
    for component in modal.get("components") or []:
        if component.get("type") == ComponentType.LABEL:
            inputs.append(component.get("component") or {})
        elif component.get("type") == ComponentType.ACTION_ROW:
            inputs.extend(component.get("components") or [])
    return inputs


def _check_label(errors: BodyErrors, label: Json, path: Path) -> None:
    errors.check_length((*path, "label"), label.get("label"), 1, 45)
    errors.check_length((*path, "description"), label.get("description"), 0, 100)
    field = label.get("component") or {}
    if errors.check_choice((*path, "component", "type"), field.get("type"), _IN_LABEL):
        _check_input(errors, field, (*path, "component"))


def _check_input(errors: BodyErrors, field: Json, path: Path) -> None:
    errors.check_length((*path, "custom_id"), field.get("custom_id"), 1, 100)
    match field.get("type"):
        case ComponentType.TEXT_INPUT:
            errors.check_choice((*path, "style"), field.get("style"), (1, 2))
            errors.check_length((*path, "value"), field.get("value"), 0, 4000)
            errors.check_length((*path, "placeholder"), field.get("placeholder"), 0, 100)
            errors.check_number((*path, "min_length"), field.get("min_length") or 0, 0, 4000)
            errors.check_number((*path, "max_length"), field.get("max_length") or 4000, 1, 4000)
        case kind if kind in SELECTS:
            check_select(errors, field, path)
        case ComponentType.FILE_UPLOAD:
            errors.check_number((*path, "min_values"), field.get("min_values", 1), 0, 10)
            errors.check_number((*path, "max_values"), field.get("max_values", 1), 1, 10)
        case ComponentType.RADIO_GROUP:
            check_select_options(errors, field.get("options") or [], (*path, "options"), fewest=2, most=10)
        case ComponentType.CHECKBOX_GROUP:
            check_select_options(errors, field.get("options") or [], (*path, "options"), most=10)
