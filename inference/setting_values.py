"""Values of settings that are not allowed: each said with the setting, the value, what is allowed and an example."""

import enum
import types
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from common.logs import redact


def wrong_values(error: ValidationError, settings: type[BaseSettings]) -> dict[str, str]:
    """Return a sentence for each setting whose value is refused, by the field's name."""
    sentences: dict[str, str] = {}
    for one in error.errors():
        name = str(one["loc"][0]) if one["loc"] else ""
        field = settings.model_fields.get(name)
        sentences.setdefault(name, _sentence(name, field, one["input"], one) if field else one["msg"])
    return sentences


def _sentence(name: str, field: FieldInfo, value: object, error: Any) -> str:
    setting = name.upper()
    own = str(error["ctx"]["error"]) if error["type"] == "value_error" else f"it takes {allowed(field)}"
    example = f"Example: {setting}={example_of(field)}"
    given = f"{setting}'s value" if _is_secret(field) else f"{setting}={redact(str(value))}"
    return f"{given} is not allowed: {own.rstrip('.')}{'' if own.endswith('?') else '.'} {example}"


def allowed(field: FieldInfo) -> str:
    """Say what a setting takes."""
    kind = _kind(field.annotation)
    if kind is bool:
        return "true or false"
    if get_origin(kind) is Literal:
        return _either(map(str, get_args(kind)))
    if get_origin(kind) is frozenset:
        (item,) = get_args(kind)
        names = ", ".join(item) if isinstance(item, enum.EnumType) else "whole numbers"
        return f"{names}, with commas between"
    if kind in (int, float):
        return f"a{' whole' if kind is int else ''} number{_bounds(field)}"
    return "a path" if kind is Path else "a text"


def example_of(field: FieldInfo) -> str:
    """Return a value that a setting takes: the first of its examples, or else its default."""
    value = field.examples[0] if field.examples else field.default
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, frozenset):
        return ",".join(sorted(map(str, value)))
    return "" if value is None else str(value)


def _bounds(field: FieldInfo) -> str:
    found = {name: getattr(one, name) for one in field.metadata for name in ("ge", "gt", "le") if hasattr(one, name)}
    if "ge" in found and "le" in found:
        return f" from {found['ge']} to {found['le']}"
    if "gt" in found:
        return f" above {found['gt']}"
    return f", {found['ge']} or more" if "ge" in found else ""


def _kind(annotation: Any) -> Any:
    """Return a type without its 'or None'."""
    if get_origin(annotation) in (Union, types.UnionType):
        return next(one for one in get_args(annotation) if one is not type(None))
    return annotation


def _is_secret(field: FieldInfo) -> bool:
    return _kind(field.annotation) is SecretStr


def _either(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
