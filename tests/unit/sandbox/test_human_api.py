"""The people's JSON API as `docs/sandbox.md` describes it, spoken by a plain HTTP client."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox.human.actions import ACTIONS
from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import ADA, BEN, CLEO, GENERAL, STUDIO

DOCS = Path(__file__).parents[3] / "docs" / "sandbox.md"


async def post(http: aiohttp.ClientSession, verb: str, status: int = 200, who: str = "ben", **body: Any) -> Any:
    async with http.post(f"/human/{verb}", json={"as": who} | body) as response:
        assert response.status == status, await response.text()
        return await response.json()


async def test_members_are_people_only(http: aiohttp.ClientSession) -> None:
    async with http.get("/human/members") as response:
        members = (await response.json())["members"]
    assert [(m["username"], m["sandbox"]["operator"]) for m in members] == [
        ("ada", True),
        ("ben", False),
        ("cleo", False),
    ]


async def test_state_shows_what_the_member_sees(http: aiohttp.ClientSession) -> None:
    async with http.get("/human/state", params={"as": "ben"}) as response:
        state = await response.json()
    assert state["me"]["id"] == BEN
    assert [g["name"] for g in state["guilds"]] == ["The Studio"]
    assert [c["nsfw"] for c in state["guilds"][0]["channels"]] == [False, False, True]
    assert not state["bot"]["online"]


async def test_say_with_multipart_file_and_with_base64(http: aiohttp.ClientSession) -> None:
    form = aiohttp.FormData(quote_fields=False)  # as browsers do
    body = {"as": "ben", "channel_id": GENERAL, "content": "two ways", "files": [{"file": "a", "description": "alt"}]}
    form.add_field("payload_json", json.dumps(body), content_type="application/json")
    form.add_field("a", b"first", filename="a b.txt", content_type="text/plain")
    async with http.post("/human/attach", data=form) as response:
        message = (await response.json())["message"]
    assert (
        message["attachments"][0] | {"filename": "a_b.txt", "size": 5, "description": "alt"}
        == message["attachments"][0]
    )
    inline = {"filename": "b.txt", "base64": base64.b64encode(b"second").decode()}
    sent = await post(http, "attach", who="ben", channel_id=GENERAL, files=[inline])
    async with http.get(sent["message"]["attachments"][0]["url"]) as response:
        assert await response.read() == b"second"


async def test_voice_carries_duration_and_waveform(http: aiohttp.ClientSession) -> None:
    file = {"filename": "voice.ogg", "content_type": "audio/ogg", "base64": "T2dnUw=="}
    body: dict[str, Any] = {"channel_id": GENERAL, "file": file, "duration_secs": 1.5, "waveform": "AAEC"}
    message = (await post(http, "voice", **body))["message"]
    assert message["flags"] == 1 << 13
    assert (message["attachments"][0]["duration_secs"], message["attachments"][0]["waveform"]) == (1.5, "AAEC")


async def test_edit_react_and_delete(http: aiohttp.ClientSession) -> None:
    said = (await post(http, "say", who="ben", channel_id=GENERAL, content="helo"))["message"]
    edited = await post(http, "edit", who="ben", message_id=said["id"], content="hello")
    assert edited["message"]["content"] == "hello"
    assert edited["message"]["edited_timestamp"]
    reacted = await post(http, "react", who="cleo", message_id=said["id"], emoji="👍")
    assert reacted["message"]["reactions"][0]["me"]
    await post(http, "delete", 403, who="cleo", message_id=said["id"])
    await post(http, "delete", who="ada", message_id=said["id"])
    async with http.get("/human/messages", params={"as": "ben", "channel_id": GENERAL}) as response:
        assert (await response.json())["messages"] == []


async def test_older_messages_come_in_pages(http: aiohttp.ClientSession, box: Sandbox) -> None:
    ids = [(await box.member("ben").say(str(n)))["id"] for n in range(5)]
    params = {"as": "ada", "channel_id": GENERAL, "before": ids[3], "limit": "2"}
    async with http.get("/human/messages", params=params) as response:
        assert [m["content"] for m in (await response.json())["messages"]] == ["1", "2"]


async def test_people_write_to_each_other_in_private(http: aiohttp.ClientSession, box: Sandbox) -> None:
    dm = (await post(http, "open_dm", who="ben", user_id=CLEO))["channel"]
    await post(http, "say", who="ben", channel_id=dm["id"], content="psst")
    assert [m["content"] for m in box.member("cleo").messages(dm["id"])] == ["psst"]
    refused = await post(http, "say", 404, who="ada", channel_id=dm["id"], content="hm?")
    assert refused["error"]["code"] == "unknown_channel"


@pytest.mark.parametrize(
    ("verb", "body", "status", "code"),
    [
        ("say", {"as": "nobody"}, 404, "unknown_member"),
        ("say", {"as": "Atelier", "channel_id": GENERAL, "content": "x"}, 404, "unknown_member"),
        ("say", {"as": "ben", "channel_id": "1"}, 404, "unknown_channel"),
        ("say", {"as": "ben", "channel_id": GENERAL, "content": "x" * 2001}, 400, "invalid"),
        ("say", {"as": "ben", "channel_id": GENERAL, "content": ""}, 400, "invalid"),
        ("say", {"as": "ben", "channel_id": GENERAL, "content": 1.5}, 400, "invalid"),
        ("say", {"as": "ben", "channel_id": GENERAL, "files": "x"}, 400, "invalid"),
        ("attach", {"as": "ben", "channel_id": GENERAL, "files": [{"base64": "!"}]}, 400, "invalid"),
        ("attach", {"as": "ben", "channel_id": GENERAL, "files": [{"file": "gone"}]}, 400, "invalid"),
        ("attach", {"as": "ben", "channel_id": GENERAL, "files": [{"base64": ""}] * 11}, 400, "invalid"),
        ("voice", {"as": "ben", "channel_id": GENERAL, "file": {"base64": ""}, "duration_secs": -1}, 400, "invalid"),
        ("slash", {"as": "ben", "channel_id": GENERAL, "command": "imagine"}, 404, "unknown_command"),
        ("slash", {"as": "ben", "channel_id": GENERAL, "command": ""}, 404, "unknown_command"),
        ("press", {"as": "ben", "message_id": "1", "custom_id": "x"}, 404, "unknown_message"),
        ("submit", {"as": "ben", "interaction_id": "1"}, 404, "unknown_modal"),
        ("open_dm", {"as": "ben", "user_id": "ben"}, 400, "invalid"),
        ("fly", {"as": "ben"}, 404, "unknown_verb"),
    ],
)
async def test_what_a_person_could_not_do_is_refused_with_a_code(
    http: aiohttp.ClientSession, verb: str, body: dict[str, Any], status: int, code: str
) -> None:
    assert (await post(http, verb, status, **body))["error"]["code"] == code


async def test_file_over_the_limit_is_too_large(http: aiohttp.ClientSession, box: Sandbox) -> None:
    box.world_editor.set_upload_limit(STUDIO, 3)
    file = {"filename": "a.txt", "base64": base64.b64encode(b"four").decode()}
    refused = await post(http, "attach", 413, who="ben", channel_id=GENERAL, files=[file])
    assert refused["error"]["code"] == "too_large"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff"])
async def test_body_that_is_no_object_is_refused(http: aiohttp.ClientSession, body: bytes) -> None:
    async with http.post("/human/say", data=body, headers={"Content-Type": "application/json"}) as response:
        assert response.status == 400


async def test_events_start_with_the_state_and_follow_the_world(http: aiohttp.ClientSession, box: Sandbox) -> None:
    async with http.get("/human/events", params={"as": "ada"}) as stream:
        events = _events(stream)
        assert (await anext(events))["type"] == "state"
        said = await box.member("ben").say("hi")
        assert (await anext(events))["message"]["id"] == said["id"]
        await box.member("ben").do("typing", channel_id=GENERAL)
        assert await anext(events) == {"type": "typing", "channel_id": GENERAL, "user_id": BEN}
        await box.member("ben").do("delete", message_id=said["id"])
        assert await anext(events) == {"type": "message_delete", "channel_id": GENERAL, "message_id": said["id"]}
        await box.member("ben").dm("cleo")  # none of Ada's business
        await box.member("ben").dm("ada")
        opened = await anext(events)
        assert (opened["type"], opened["channel"]["recipients"][0]["username"]) == ("dm_open", "ben")
        box.world_editor.close_dms(ADA)
        box.world_editor.set_roles(STUDIO, CLEO, [])
        assert (await anext(events))["type"] == "state"


async def test_events_for_nobody_are_refused(http: aiohttp.ClientSession) -> None:
    async with http.get("/human/events", params={"as": "nobody"}) as response:
        assert response.status == 404


def test_docs_name_every_verb_and_no_other() -> None:
    table = DOCS.read_text(encoding="utf-8").split("## Doing")[1].split("Option values are")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(ACTIONS)


async def _events(stream: aiohttp.ClientResponse) -> Any:
    async for line in stream.content:
        if line.startswith(b"data: "):
            yield json.loads(line[6:])
