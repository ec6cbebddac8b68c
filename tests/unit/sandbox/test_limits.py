"""Documented limits, each at its edge: what Discord refuses is refused here with the same code."""

from typing import Any

import aiohttp
import pytest

from bot.sandbox.errors import ApiError
from bot.sandbox.limits.commands import check_commands
from bot.sandbox.limits.message import check_message
from bot.sandbox.limits.modal import check_modal
from bot.sandbox.state.seed import GENERAL

V2 = 1 << 15


def button(n: int = 0, **changes: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": f"b{n}", "custom_id": f"b{n}"} | changes


def row(*inside: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(inside)}


def text(content: str) -> dict[str, Any]:
    return {"type": 10, "content": content}


def gallery(count: int) -> dict[str, Any]:
    return {"type": 12, "items": [{"media": {"url": "https://x/y.png"}}] * count}


def menu(options: int, **changes: Any) -> dict[str, Any]:
    listed = [{"label": f"o{n}", "value": f"o{n}"} for n in range(options)]
    return {"type": 3, "custom_id": "m", "options": listed} | changes


def refused(body: dict[str, Any], flags: int = 0) -> str:
    """Return the error codes for a body, or '' if it is accepted."""
    try:
        check_message(body, flags=flags, file_sizes=[], upload_limit_bytes=100)
    except ApiError as error:
        return f"{error.code} {error.errors}"
    return ""


@pytest.mark.parametrize(
    "body",
    [
        {"content": "x" * 2000},
        {"components": [row(*(button(n) for n in range(5)))]},
        {"components": [row(button(n)) for n in range(5)]},
        {"components": [row(button(label="x" * 80, custom_id="x" * 100))]},
        {"components": [row(menu(25, max_values=25))]},
        {"embeds": [{"title": "x" * 256, "description": "x" * 4096}]},
    ],
)
def test_message_at_the_limit_is_accepted(body: dict[str, Any]) -> None:
    assert refused(body) == ""


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"content": "x" * 2001}, "BASE_TYPE_MAX_LENGTH"),
        ({"components": [row(*(button(n) for n in range(6)))]}, "BASE_TYPE_BAD_LENGTH"),
        ({"components": [row(button(n)) for n in range(6)]}, "BASE_TYPE_BAD_LENGTH"),
        ({"components": [button()]}, "BASE_TYPE_CHOICES"),
        ({"components": [text("x")]}, "BASE_TYPE_CHOICES"),
        ({"components": [row(button(label="x" * 81))]}, "BASE_TYPE_MAX_LENGTH"),
        ({"components": [row(button(label=None))]}, "LABEL_OR_EMOJI"),
        ({"components": [row(button(custom_id="x" * 101))]}, "BASE_TYPE_BAD_LENGTH"),
        ({"components": [row(button(custom_id=None))]}, "BASE_TYPE_REQUIRED"),
        ({"components": [row(button(1), button(1))]}, "CUSTOM_ID_DUPLICATED"),
        ({"components": [row(menu(26))]}, "BASE_TYPE_BAD_LENGTH"),
        ({"components": [row(menu(2), button())]}, "BASE_TYPE_BAD_LENGTH"),
        ({"embeds": [{"title": "x" * 257}]}, "BASE_TYPE_MAX_LENGTH"),
        ({"embeds": [{"description": "x" * 3001}] * 2}, "MAX_EMBED_SIZE"),
        ({"embeds": [{"title": "x"}] * 11}, "BASE_TYPE_BAD_LENGTH"),
        ({"attachments": [{"id": n} for n in range(11)]}, "BASE_TYPE_BAD_LENGTH"),
        ({"attachments": [{"id": 0, "description": "x" * 1025}]}, "BASE_TYPE_MAX_LENGTH"),
        ({"allowed_mentions": {"parse": ["users"], "users": ["1"]}}, "PARSE_EXCLUSIVE"),
    ],
)
def test_message_beyond_a_limit_is_refused(body: dict[str, Any], code: str) -> None:
    assert code in refused(body)


def test_card_at_the_limits_is_accepted() -> None:
    texts = [text("x" * 100) for _ in range(38)]
    assert refused({"components": [{"type": 17, "components": [gallery(10), *texts]}]}, V2) == ""


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"components": [text("x") for _ in range(41)]}, "MAX_TOTAL_COMPONENTS"),
        ({"components": [text("x" * 3000), text("x" * 1001)]}, "TEXT_SIZE_EXCEEDED"),
        ({"components": [gallery(11)]}, "BASE_TYPE_BAD_LENGTH"),
        ({"components": [gallery(0)]}, "BASE_TYPE_BAD_LENGTH"),
        ({"components": [{"type": 17, "components": [{"type": 17, "components": [text("x")]}]}]}, "BASE_TYPE_CHOICES"),
        ({"components": [{"type": 9, "components": [text("x")], "accessory": text("y")}]}, "BASE_TYPE_CHOICES"),
        ({"components": [text("")]}, "BASE_TYPE_REQUIRED"),
        ({"components": [text("x")], "content": "beside"}, "CANNOT_USE_LEGACY_FIELDS"),
        ({"components": [text("x")], "embeds": [{"title": "beside"}]}, "CANNOT_USE_LEGACY_FIELDS"),
    ],
)
def test_card_beyond_a_limit_is_refused(body: dict[str, Any], code: str) -> None:
    assert code in refused(body, V2)


def test_error_tree_names_the_field() -> None:
    with pytest.raises(ApiError) as caught:
        check_message({"components": [row(button(label="x" * 81))]}, flags=0, file_sizes=[], upload_limit_bytes=1)
    errors = caught.value.errors or {}
    assert errors["components"]["0"]["components"]["0"]["label"]["_errors"][0]["code"] == "BASE_TYPE_MAX_LENGTH"


def field(**changes: Any) -> dict[str, Any]:
    return {"type": 18, "label": "Name", "component": {"type": 4, "style": 1, "custom_id": "a"} | changes}


def modal(*components: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"title": "T", "custom_id": "c", "components": list(components)} | changes


def test_modal_with_ten_files_is_accepted() -> None:
    check_modal(modal(field(), field(type=19, custom_id="b", min_values=3, max_values=10), text("consent")))


@pytest.mark.parametrize(
    "wrong",
    [
        modal(field(), title="x" * 46),
        modal(field(), custom_id=""),
        modal(),
        modal(*(field(custom_id=f"f{n}") for n in range(6))),
        modal(field(), field()),
        modal(field(type=19, max_values=11)),
        modal(field(type=2)),
        modal({"type": 18, "label": "x" * 46, "component": {"type": 4, "style": 1, "custom_id": "a"}}),
        modal(row(button())),
        modal(field(style=3)),
    ],
)
def test_modal_beyond_a_limit_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ApiError, match="50035"):
        check_modal(wrong)


def command(**changes: Any) -> dict[str, Any]:
    return {"name": "imagine", "description": "Draws"} | changes


def option(n: int = 0, **changes: Any) -> dict[str, Any]:
    return {"type": 3, "name": f"o{n}", "description": "d"} | changes


def test_commands_at_the_limits_are_accepted() -> None:
    choices = [{"name": f"c{n}", "value": "v" * 100} for n in range(25)]
    check_commands([command(name=f"c{n}") for n in range(100)])
    check_commands([command(options=[option(n, choices=choices[:2]) for n in range(25)], name="x" * 32)])


@pytest.mark.parametrize(
    "wrong",
    [
        [command(name=f"c{n}") for n in range(101)],
        [command(), command()],
        [command(name="Imagine")],
        [command(name="x" * 33)],
        [command(description="")],
        [command(description="x" * 101)],
        [command(options=[option(n) for n in range(26)])],
        [command(options=[option(), option()])],
        [command(options=[option(0), option(1, required=True)])],
        [command(options=[option(choices=[{"name": "x", "value": "x"}] * 26)])],
        [command(options=[option(choices=[{"name": "x" * 101, "value": "x"}])])],
        [command(options=[option(autocomplete=True, choices=[{"name": "x", "value": "x"}])])],
        [command(options=[option(max_length=6001)])],
    ],
)
def test_commands_beyond_a_limit_are_refused(wrong: list[dict[str, Any]]) -> None:
    with pytest.raises(ApiError, match="50035"):
        check_commands(wrong)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 50006),
        ({"content": "x", "components": "x"}, 50035),
        ({"flags": V2, "components": [gallery(1) | {"items": [{"media": {"url": "attachment://no.png"}}]}]}, 50035),
        ({"content": "x", "message_reference": {"message_id": "1"}}, 50035),
    ],
)
async def test_wrong_message_is_refused_over_rest(api: aiohttp.ClientSession, body: dict[str, Any], code: int) -> None:
    async with api.post(f"channels/{GENERAL}/messages", json=body) as response:
        assert response.status == 400
        assert (await response.json())["code"] == code
