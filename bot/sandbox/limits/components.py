"""The limits of message components, and ways through a tree of them.

https://discord.com/developers/docs/components/reference
"""

from collections.abc import Iterator
from typing import Any

from bot.sandbox.limits.body_errors import BodyErrors, Path
from bot.sandbox.state.enums import SELECTS, ButtonStyle, ComponentType

Json = dict[str, Any]

MAX_COMPONENTS = 40
MAX_TEXT_LENGTH = 4000
_IN_CONTAINER = (
    ComponentType.ACTION_ROW,
    ComponentType.SECTION,
    ComponentType.TEXT_DISPLAY,
    ComponentType.MEDIA_GALLERY,
    ComponentType.FILE,
    ComponentType.SEPARATOR,
)
_TOP_V2 = (*_IN_CONTAINER, ComponentType.CONTAINER)


def walk(components: list[Json], path: Path = ("components",)) -> Iterator[tuple[Json, Path]]:
    """Iterate over components, with those inside them and their accessories, each with its path."""
    for index, component in enumerate(components):
        yield component, (*path, index)
        yield from walk(component.get("components") or [], (*path, index, "components"))
        if isinstance(accessory := component.get("accessory"), dict):
            yield accessory, (*path, index, "accessory")


def media_items(component: Json) -> list[Json]:
    """Return the unfurled media items of one component, not of those inside it."""
    match component.get("type"):
        case ComponentType.THUMBNAIL:
            found = [component.get("media")]
        case ComponentType.MEDIA_GALLERY:
            found = [item.get("media") for item in component.get("items") or []]
        case ComponentType.FILE:
            found = [component.get("file")]
        case _:
            found = []
    return [media for media in found if isinstance(media, dict)]


def check_components(errors: BodyErrors, components: list[Json], *, v2: bool) -> None:
    """Check the components of a message, with or without IS_COMPONENTS_V2."""
    path: Path = ("components",)
    if not v2:
        errors.check_count(path, components, 0, 5)
    _check_types(errors, components, path, _TOP_V2 if v2 else (ComponentType.ACTION_ROW,))
    everything = list(walk(components))
    if len(everything) > MAX_COMPONENTS:
        errors.add(
            path,
            "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
            f"Total number of components must not exceed {MAX_COMPONENTS}.",
        )
    texts = [c for c, _ in everything if c.get("type") == ComponentType.TEXT_DISPLAY]
    if sum(len(str(text.get("content", ""))) for text in texts) > MAX_TEXT_LENGTH:
        errors.add(
            path,
            "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
            f"Components displayable text size exceeds maximum size of {MAX_TEXT_LENGTH}",
        )
    seen: set[str] = set()
    for component, at in everything:
        _CHECKS.get(component.get("type", 0), _nothing)(errors, component, at)
        custom_id = component.get("custom_id")
        if custom_id in seen:
            errors.add((*at, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
        if custom_id:
            seen.add(custom_id)


def _check_types(errors: BodyErrors, components: list[Json], path: Path, allowed: tuple[int, ...]) -> None:
    for index, component in enumerate(components):
        errors.check_choice((*path, index, "type"), component.get("type"), allowed)


def _row(errors: BodyErrors, row: Json, path: Path) -> None:
    inside = row.get("components") or []
    _check_types(errors, inside, (*path, "components"), (ComponentType.BUTTON, *SELECTS))
    has_select = any(c.get("type") in SELECTS for c in inside)
    errors.check_count((*path, "components"), inside, 1, 1 if has_select else 5)


def _button(errors: BodyErrors, button: Json, path: Path) -> None:
    errors.check_choice((*path, "style"), button.get("style"), tuple(ButtonStyle))
    errors.check_length((*path, "label"), button.get("label"), 0, 80)
    if not button.get("label") and not button.get("emoji"):
        errors.add(
            (*path, "label"), "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", "A button must have a label or an emoji"
        )
    if button.get("style") == ButtonStyle.LINK:
        errors.check_length((*path, "url"), button.get("url"), 1, 512)
    else:
        errors.check_length((*path, "custom_id"), button.get("custom_id"), 1, 100)


def check_select(errors: BodyErrors, select: Json, path: Path) -> None:
    """Check a select menu, in a message or a modal."""
    errors.check_length((*path, "custom_id"), select.get("custom_id"), 1, 100)
    errors.check_length((*path, "placeholder"), select.get("placeholder"), 0, 150)
    errors.check_number((*path, "min_values"), select.get("min_values", 1), 0, 25)
    errors.check_number((*path, "max_values"), select.get("max_values", 1), 1, 25)
    if select.get("type") == ComponentType.STRING_SELECT:
        check_select_options(errors, select.get("options") or [], (*path, "options"), most=25)


def check_select_options(errors: BodyErrors, options: list[Json], path: Path, *, most: int, fewest: int = 1) -> None:
    """Check the options of a select menu, radio group or checkbox group.

    Args:
        errors: takes what is wrong.
        options: the options.
        path: where they are.
        most: how many there may be.
        fewest: how many there must be.
    """
    errors.check_count(path, options, fewest, most)
    values = [option.get("value") for option in options]
    if len(set(values)) < len(values):
        errors.add(path, "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The specified option value is already used")
    for index, option in enumerate(options):
        for name in ("label", "value"):
            errors.check_length((*path, index, name), option.get(name), 1, 100)
        errors.check_length((*path, index, "description"), option.get("description"), 0, 100)


def _section(errors: BodyErrors, section: Json, path: Path) -> None:
    inside = section.get("components") or []
    errors.check_count((*path, "components"), inside, 1, 3)
    _check_types(errors, inside, (*path, "components"), (ComponentType.TEXT_DISPLAY,))
    accessory = section.get("accessory") or {}
    errors.check_choice(
        (*path, "accessory", "type"), accessory.get("type"), (ComponentType.BUTTON, ComponentType.THUMBNAIL)
    )


def _text(errors: BodyErrors, text: Json, path: Path) -> None:
    errors.check_length((*path, "content"), text.get("content"), 1, MAX_TEXT_LENGTH)


def _media(errors: BodyErrors, component: Json, path: Path) -> None:
    errors.check_length((*path, "description"), component.get("description"), 0, 1024)
    for media in media_items(component):
        errors.check_length((*path, "media", "url"), media.get("url"), 1, 2048)


def _gallery(errors: BodyErrors, gallery: Json, path: Path) -> None:
    items = gallery.get("items") or []
    errors.check_count((*path, "items"), items, 1, 10)
    for index, item in enumerate(items):
        errors.check_length((*path, "items", index, "description"), item.get("description"), 0, 1024)
        errors.check_length((*path, "items", index, "media", "url"), (item.get("media") or {}).get("url"), 1, 2048)


def _file(errors: BodyErrors, component: Json, path: Path) -> None:
    if not str((component.get("file") or {}).get("url", "")).startswith(("attachment://", "http")):
        errors.add(
            (*path, "file", "url"), "UNFURLED_MEDIA_ITEM_ATTACHMENT_REQUIRED", "A file component needs an attachment://"
        )


def _container(errors: BodyErrors, container: Json, path: Path) -> None:
    inside = container.get("components") or []
    errors.check_count((*path, "components"), inside, 1, MAX_COMPONENTS)
    _check_types(errors, inside, (*path, "components"), _IN_CONTAINER)
    if (colour := container.get("accent_color")) is not None:
        errors.check_number((*path, "accent_color"), colour, 0, 0xFFFFFF)


def _separator(errors: BodyErrors, separator: Json, path: Path) -> None:
    errors.check_choice((*path, "spacing"), separator.get("spacing", 1), (1, 2))


def _nothing(errors: BodyErrors, component: Json, path: Path) -> None:
    """Accept an unknown type: it was reported with the component around it."""


_CHECKS = {
    ComponentType.ACTION_ROW: _row,
    ComponentType.BUTTON: _button,
    ComponentType.SECTION: _section,
    ComponentType.TEXT_DISPLAY: _text,
    ComponentType.THUMBNAIL: _media,
    ComponentType.MEDIA_GALLERY: _gallery,
    ComponentType.FILE: _file,
    ComponentType.SEPARATOR: _separator,
    ComponentType.CONTAINER: _container,
} | dict.fromkeys(SELECTS, check_select)
