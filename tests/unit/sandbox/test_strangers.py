"""Whatever a stranger's program sends, the answer is a sentence, never a failure of the sandbox."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.sandbox.errors import HumanError
from bot.sandbox.human import VERBS, do
from bot.sandbox.parts import Parts, build_parts
from bot.sandbox.seed import BOT, GENERAL
from bot.sandbox.verbs.ask import Ask

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
@given(verb=st.sampled_from(sorted(VERBS)), body=st.dictionaries(st.sampled_from(_FIELDS), _json))
async def test_any_json_for_any_verb_is_done_or_refused(verb: str, body: dict[str, Any]) -> None:
    parts = build_parts(token="", heartbeat_s=40)  # nobody logs in
    parts.commands.overwrite(None, [_COMMAND])
    message = parts.posting.create(parts.world.channel(GENERAL), BOT, {"components": _MENUS}, {})
    body = {"as": "ada", "channel_id": GENERAL, "command": "imagine", "message_id": message.id} | body
    try:
        status, result = 200, await _do_in_time(parts, verb, body)
    except HumanError as error:
        status, result = error.status, error.payload()
    finally:
        parts.clock.stop()
    assert 200 <= status < 500
    assert isinstance(result, dict)


async def _do_in_time(parts: Parts, verb: str, body: dict[str, Any]) -> dict[str, Any]:
    """Carry out a verb; nobody answers, so time passes at once."""
    parts.clock.at(parts.clock.now(), lambda: parts.clock.advance(4))
    return await do(parts, verb, Ask(body))
