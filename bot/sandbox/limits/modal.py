"""What a form (modal) may be.

https://discord.com/developers/docs/components/reference#label
"""

from typing import Any

from bot.sandbox.limits.components import ROW, SELECTS, TEXT, TEXT_INPUT, check_choices, check_select
from bot.sandbox.limits.form import Form, Path

Json = dict[str, Any]

LABEL, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX = 18, 19, 21, 22, 23
_IN_LABEL = (TEXT_INPUT, *SELECTS, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX)


def check_modal(modal: Json) -> None:
    """Examine a form; raise ApiError if Discord would refuse it."""
    form = Form()
    form.length(("data", "title"), modal.get("title"), 1, 45)
    form.length(("data", "custom_id"), modal.get("custom_id"), 1, 100)
    components = modal.get("components") or []
    form.count(("data", "components"), components, 1, 5)
    for index, component in enumerate(components):
        at: Path = ("data", "components", index)
        if not form.one_of((*at, "type"), component.get("type"), (ROW, TEXT, LABEL)):
            continue
        if component["type"] == LABEL:
            _check_label(form, component, at)
        elif component["type"] == ROW:
            inside = component.get("components") or []
            if form.count((*at, "components"), inside, 1, 1):
                form.one_of((*at, "components", 0, "type"), inside[0].get("type"), (TEXT_INPUT,))
                _check_input(form, inside[0], (*at, "components", 0))
                form.length((*at, "components", 0, "label"), inside[0].get("label"), 1, 45)
    ids = [field["custom_id"] for field in fields_of(modal) if field.get("custom_id")]
    if len(set(ids)) < len(ids):
        form.fail(("data", "components"), "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
    form.check()


def fields_of(modal: Json) -> list[Json]:
    """Return the components of a form that a person fills in."""
    fields: list[Json] = []
    for component in modal.get("components") or []:
        if component.get("type") == LABEL:
            fields.append(component.get("component") or {})
        elif component.get("type") == ROW:
            fields.extend(component.get("components") or [])
    return fields


def _check_label(form: Form, label: Json, path: Path) -> None:
    form.length((*path, "label"), label.get("label"), 1, 45)
    form.length((*path, "description"), label.get("description"), 0, 100)
    field = label.get("component") or {}
    if form.one_of((*path, "component", "type"), field.get("type"), _IN_LABEL):
        _check_input(form, field, (*path, "component"))


def _check_input(form: Form, field: Json, path: Path) -> None:
    form.length((*path, "custom_id"), field.get("custom_id"), 1, 100)
    match field.get("type"):
        case 4:
            form.one_of((*path, "style"), field.get("style"), (1, 2))
            form.length((*path, "value"), field.get("value"), 0, 4000)
            form.length((*path, "placeholder"), field.get("placeholder"), 0, 100)
            form.number((*path, "min_length"), field.get("min_length") or 0, 0, 4000)
            form.number((*path, "max_length"), field.get("max_length") or 4000, 1, 4000)
        case 3 | 5 | 6 | 7 | 8:
            check_select(form, field, path)
        case 19:
            form.number((*path, "min_values"), field.get("min_values", 1), 0, 10)
            form.number((*path, "max_values"), field.get("max_values", 1), 1, 10)
        case 21:
            check_choices(form, field.get("options") or [], (*path, "options"), fewest=2, most=10)
        case 22:
            check_choices(form, field.get("options") or [], (*path, "options"), most=10)
