"""Whatever a stranger's program sends, the answer is a sentence, never a failure of the sandbox."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.sandbox.container import Container, build_container
from bot.sandbox.errors import HumanError
from bot.sandbox.human.actions import ACTIONS, perform
from bot.sandbox.human.request import HumanRequest
from bot.sandbox.state.seed import BOT, GENERAL

_FIELDS = [
    *("channel_id", "command", "options", "focused", "message_id", "user_id", "custom_id", "values", "interaction_id"),
    *("content", "files", "file", "reply_to", "duration_secs", "waveform", "emoji", "remove", *"abcdefghijk"),
]
_COMMAND = {
    "name": "imagine",
    "description": "Draws",
    "options": [
        {"type": kind, "name": "abcdefghijk"[kind], "description": "d", "autocomplete": kind == 3}
        for kind in range(3, 11)
    ],
}
_MENUS = [
    {"type": 1, "components": [{"type": 2, "style": 1, "label": "x", "custom_id": "a"}]},
    {"type": 1, "components": [{"type": 5, "custom_id": "b"}]},
    {"type": 1, "components": [{"type": 3, "custom_id": "c", "options": [{"label": "x", "value": "x"}]}]},
]

_plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
_known = st.sampled_from(["ada", BOT, GENERAL, "imagine", "a", "b", "c", "d", "x"])
_json = st.recursive(
    _plain | _known, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_FIELDS), inner)
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(action=st.sampled_from(sorted(ACTIONS)), body=st.dictionaries(st.sampled_from(_FIELDS), _json))
async def test_any_json_for_any_action_is_done_or_refused(action: str, body: dict[str, Any]) -> None:
    container = build_container(token="", heartbeat_s=40)  # nobody logs in
    container.commands.overwrite(None, [_COMMAND])
    message = container.message_writer.create(container.world.channel(GENERAL), BOT, {"components": _MENUS}, {})
    body = {"as": "ada", "channel_id": GENERAL, "command": "imagine", "message_id": message.id} | body
    try:
        status, result = 200, await _do_in_time(container, action, body)
    except HumanError as error:
        status, result = error.status, error.payload()
    finally:
        container.clock.stop()
    assert 200 <= status < 500
    assert isinstance(result, dict)


async def _do_in_time(container: Container, action: str, body: dict[str, Any]) -> dict[str, Any]:
    """Perform an action; nobody responds, so time passes at once."""
    container.clock.call_at(container.clock.now(), lambda: container.clock.advance(4))
    return await perform(container, action, HumanRequest(body))
