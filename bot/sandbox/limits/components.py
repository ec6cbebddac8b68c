"""What the components of a message may be.

https://discord.com/developers/docs/components/reference
"""

from collections.abc import Iterator
from typing import Any

from bot.sandbox.limits.form import Form, Path

Json = dict[str, Any]

MOST_V2 = 40
MOST_TEXT = 4000
ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
SELECTS = (3, 5, 6, 7, 8)
SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER = 9, 10, 11, 12, 13, 14, 17
_TOP_V2 = (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR, CONTAINER)
_IN_CONTAINER = (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR)


def walk(components: list[Json], path: Path = ("components",)) -> Iterator[tuple[Json, Path]]:
    """Iterate over components, nested ones and accessories included, each with its path."""
    for index, component in enumerate(components):
        yield component, (*path, index)
        yield from walk(component.get("components") or [], (*path, index, "components"))
        if isinstance(accessory := component.get("accessory"), dict):
            yield accessory, (*path, index, "accessory")


def media_of(component: Json) -> list[Json]:
    """Return the media objects of one component: those with a `url`."""
    match component.get("type"):
        case 11:
            found = [component.get("media")]
        case 12:
            found = [item.get("media") for item in component.get("items") or []]
        case 13:
            found = [component.get("file")]
        case _:
            found = []
    return [media for media in found if isinstance(media, dict)]


def check_components(form: Form, components: list[Json], *, v2: bool) -> None:
    """Examine the components of a message."""
    path: Path = ("components",)
    if not v2:
        form.count(path, components, 0, 5)
    _check_types(form, components, path, _TOP_V2 if v2 else (ROW,))
    everything = list(walk(components))
    if len(everything) > MOST_V2:
        form.fail(
            path, "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", f"Total number of components must not exceed {MOST_V2}."
        )
    if sum(len(str(c.get("content", ""))) for c, _ in everything if c.get("type") == TEXT) > MOST_TEXT:
        form.fail(
            path,
            "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
            f"Components displayable text size exceeds maximum size of {MOST_TEXT}",
        )
    seen: set[str] = set()
    for component, at in everything:
        _CHECKS.get(component.get("type", 0), _nothing)(form, component, at)
        custom_id = component.get("custom_id")
        if custom_id in seen:
            form.fail((*at, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
        if custom_id:
            seen.add(custom_id)


def _check_types(form: Form, components: list[Json], path: Path, allowed: tuple[int, ...]) -> None:
    for index, component in enumerate(components):
        form.one_of((*path, index, "type"), component.get("type"), allowed)


def _row(form: Form, row: Json, path: Path) -> None:
    inside = row.get("components") or []
    _check_types(form, inside, (*path, "components"), (BUTTON, *SELECTS))
    has_select = any(c.get("type") in SELECTS for c in inside)
    form.count((*path, "components"), inside, 1, 1 if has_select else 5)


def _button(form: Form, button: Json, path: Path) -> None:
    form.one_of((*path, "style"), button.get("style"), (1, 2, 3, 4, 5, 6))
    form.length((*path, "label"), button.get("label"), 0, 80)
    if not button.get("label") and not button.get("emoji"):
        form.fail(
            (*path, "label"), "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", "A button must have a label or an emoji"
        )
    if button.get("style") == 5:
        form.length((*path, "url"), button.get("url"), 1, 512)
    else:
        form.length((*path, "custom_id"), button.get("custom_id"), 1, 100)


def check_select(form: Form, select: Json, path: Path) -> None:
    """Examine a select menu, in a message or a form."""
    form.length((*path, "custom_id"), select.get("custom_id"), 1, 100)
    form.length((*path, "placeholder"), select.get("placeholder"), 0, 150)
    form.number((*path, "min_values"), select.get("min_values", 1), 0, 25)
    form.number((*path, "max_values"), select.get("max_values", 1), 1, 25)
    if select.get("type") == STRING_SELECT:
        check_choices(form, select.get("options") or [], (*path, "options"), most=25)


def check_choices(form: Form, options: list[Json], path: Path, *, most: int, fewest: int = 1) -> None:
    """Examine the options of a select menu, radio group or checkbox group."""
    form.count(path, options, fewest, most)
    values = [option.get("value") for option in options]
    if len(set(values)) < len(values):
        form.fail(path, "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The specified option value is already used")
    for index, option in enumerate(options):
        for name in ("label", "value"):
            form.length((*path, index, name), option.get(name), 1, 100)
        form.length((*path, index, "description"), option.get("description"), 0, 100)


def _section(form: Form, section: Json, path: Path) -> None:
    inside = section.get("components") or []
    form.count((*path, "components"), inside, 1, 3)
    _check_types(form, inside, (*path, "components"), (TEXT,))
    accessory = section.get("accessory") or {}
    form.one_of((*path, "accessory", "type"), accessory.get("type"), (BUTTON, THUMBNAIL))


def _text(form: Form, text: Json, path: Path) -> None:
    form.length((*path, "content"), text.get("content"), 1, MOST_TEXT)


def _media(form: Form, component: Json, path: Path) -> None:
    form.length((*path, "description"), component.get("description"), 0, 1024)
    for media in media_of(component):
        form.length((*path, "media", "url"), media.get("url"), 1, 2048)


def _gallery(form: Form, gallery: Json, path: Path) -> None:
    items = gallery.get("items") or []
    form.count((*path, "items"), items, 1, 10)
    for index, item in enumerate(items):
        form.length((*path, "items", index, "description"), item.get("description"), 0, 1024)
        form.length((*path, "items", index, "media", "url"), (item.get("media") or {}).get("url"), 1, 2048)


def _file(form: Form, component: Json, path: Path) -> None:
    if not str((component.get("file") or {}).get("url", "")).startswith(("attachment://", "http")):
        form.fail(
            (*path, "file", "url"), "UNFURLED_MEDIA_ITEM_ATTACHMENT_REQUIRED", "A file component needs an attachment://"
        )


def _container(form: Form, container: Json, path: Path) -> None:
    inside = container.get("components") or []
    form.count((*path, "components"), inside, 1, MOST_V2)
    _check_types(form, inside, (*path, "components"), _IN_CONTAINER)
    if (colour := container.get("accent_color")) is not None:
        form.number((*path, "accent_color"), colour, 0, 0xFFFFFF)


def _separator(form: Form, separator: Json, path: Path) -> None:
    form.one_of((*path, "spacing"), separator.get("spacing", 1), (1, 2))


def _nothing(form: Form, component: Json, path: Path) -> None:
    """An unknown type was reported already by the component around it."""


_CHECKS = {
    ROW: _row,
    BUTTON: _button,
    SECTION: _section,
    TEXT: _text,
    THUMBNAIL: _media,
    GALLERY: _gallery,
    FILE: _file,
    SEPARATOR: _separator,
    CONTAINER: _container,
} | dict.fromkeys(SELECTS, check_select)
