"""The rules of answering an interaction, spoken as plain REST by a bot that is not discord.py."""

from typing import Any

import aiohttp
import pytest

from bot.sandbox.errors import HumanError
from bot.sandbox.human.client import HumanClient, InteractionResult
from bot.sandbox.human.view import MemberView
from bot.sandbox.interactions.interaction import Interaction
from bot.sandbox.server import Sandbox
from bot.sandbox.state.attachments import Upload
from bot.sandbox.state.seed import APPLICATION, STUDIO

COMMAND = {"name": "imagine", "description": "Draws", "options": [{"type": 3, "name": "prompt", "description": "d"}]}
COMPLETED = {"name": "model", "description": "Completes"} | {
    "options": [{"type": 3, "name": "name", "description": "d", "autocomplete": True}]
}
V2 = 1 << 15
CARD = {"flags": V2, "components": [{"type": 10, "content": "card"}]}


class Bot:
    """Answers interactions by hand."""

    def __init__(self, box: Sandbox, api: aiohttp.ClientSession) -> None:
        self._box = box
        self._api = api

    def interaction(self, shown: InteractionResult) -> Interaction:
        return self._box.container.interactions.get(shown.id)

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        async with self._api.request(method, path, json=body) as response:
            return response.status, await response.json() if response.status != 204 else None

    async def answer(self, shown: InteractionResult, kind: int, **data: Any) -> tuple[int, Any]:
        interaction = self.interaction(shown)
        path = f"interactions/{interaction.id}/{interaction.token}/callback?with_response=1"
        return await self.call("POST", path, {"type": kind, "data": data})

    async def hook(self, shown: InteractionResult, method: str, path: str = "", body: Any = None) -> tuple[int, Any]:
        return await self.call(method, f"webhooks/{APPLICATION}/{self.interaction(shown).token}{path}", body)


@pytest.fixture
async def bot(box: Sandbox, api: aiohttp.ClientSession) -> Bot:
    bot = Bot(box, api)
    await bot.call("PUT", f"applications/{APPLICATION}/commands", [COMMAND, COMPLETED])
    return bot


@pytest.fixture
def ben(box: Sandbox) -> HumanClient:
    return box.member("ben")


async def test_answering_twice_is_refused(bot: Bot, ben: HumanClient) -> None:
    shown = await ben.slash("imagine")
    status, body = await bot.answer(shown, 4, content="one")
    assert (status, body["interaction"]["response_message_id"]) == (200, body["resource"]["message"]["id"])
    status, body = await bot.answer(shown, 4, content="two")
    assert (status, body["code"]) == (400, 40060)
    assert [m["content"] for m in ben.messages()] == ["one"]


async def test_wrong_token_is_an_unknown_interaction(bot: Bot, ben: HumanClient) -> None:
    shown = await ben.slash("imagine")
    status, body = await bot.call("POST", f"interactions/{shown.id}/wrong/callback", {"type": 5})
    assert (status, body["code"]) == (404, 10062)


async def test_refused_answer_may_be_tried_again(bot: Bot, ben: HumanClient) -> None:
    shown = await ben.slash("imagine")
    status, body = await bot.answer(shown, 4, content="x" * 2001)
    assert (status, body["code"]) == (400, 50035)
    assert (await bot.answer(shown, 4, content="shorter"))[0] == 200


async def test_follow_up_before_the_answer_is_an_unknown_webhook(bot: Bot, ben: HumanClient) -> None:
    shown = await ben.slash("imagine")
    status, body = await bot.hook(shown, "POST", body={"content": "early"})
    assert (status, body["code"]) == (404, 10015)


async def test_first_follow_up_fills_the_deferred_answer(bot: Bot, ben: HumanClient) -> None:
    shown = await ben.slash("imagine")
    await bot.answer(shown, 5, flags=64)
    (thinking,) = ben.messages()
    assert thinking["flags"] == 64 | 128
    assert shown.state == "acknowledged"
    await bot.hook(shown, "POST", body={"content": "done"})
    await bot.hook(shown, "POST", body={"content": "more"})
    assert [(m["content"], m["flags"]) for m in ben.messages()] == [("done", 64), ("more", 0)]
    assert shown.state == "answered"


async def test_original_is_read_edited_and_deleted(bot: Bot, ben: HumanClient) -> None:
    shown = await ben.slash("imagine")
    await bot.answer(shown, 4, **CARD)
    status, body = await bot.hook(shown, "PATCH", "/messages/@original", {"content": "not beside a card"})
    assert (status, body["code"]) == (400, 50035)
    status, body = await bot.hook(shown, "GET", "/messages/@original")
    assert body["components"][0] == {"type": 10, "content": "card", "id": 1}
    assert (await bot.hook(shown, "DELETE", "/messages/@original"))[0] == 204
    assert (await bot.hook(shown, "GET", "/messages/@original"))[1]["code"] == 10008
    assert ben.messages() == []


async def test_turning_text_into_a_card_needs_the_text_removed(bot: Bot, ben: HumanClient) -> None:
    shown = await ben.slash("imagine")
    await bot.answer(shown, 4, content="text")
    assert (await bot.hook(shown, "PATCH", "/messages/@original", CARD))[0] == 400
    assert (await bot.hook(shown, "PATCH", "/messages/@original", CARD | {"content": None}))[0] == 200


async def test_token_reaches_only_its_own_messages(bot: Bot, ben: HumanClient) -> None:
    first, second = await ben.slash("imagine"), await ben.slash("imagine")
    await bot.answer(first, 4, content="first")
    _, body = await bot.answer(second, 4, content="second")
    other = body["resource"]["message"]["id"]
    assert (await bot.hook(first, "PATCH", f"/messages/{other}", {"content": "mine now"}))[1]["code"] == 10008


@pytest.mark.parametrize("kind", [1, 6, 7, 8, 10])
async def test_command_cannot_be_answered_with_what_is_for_others(bot: Bot, ben: HumanClient, kind: int) -> None:
    status, body = await bot.answer(await ben.slash("imagine"), kind)
    assert (status, body["code"]) == (400, 50035)


async def test_too_many_completions_are_refused(box: Sandbox, bot: Bot, ben: HumanClient) -> None:
    opened = box.container.interactions.create("autocomplete", ben.user, box.world.channel(ben.channel()), {})
    choices = [{"name": f"c{n}", "value": "v"} for n in range(26)]
    path = f"interactions/{opened.id}/{opened.token}/callback"
    assert (await bot.call("POST", path, {"type": 8, "data": {"choices": choices}}))[0] == 400
    assert (await bot.call("POST", path, {"type": 8, "data": {"choices": choices[:25]}}))[0] == 204
    assert opened.choices == choices[:25]


async def test_completion_that_takes_too_long_offers_nothing(box: Sandbox, bot: Bot, ben: HumanClient) -> None:
    box.clock.call_at(box.clock.now(), lambda: box.clock.advance(3.1))
    result = await ben.do("autocomplete", channel_id=ben.channel(), command="model", focused="name")
    assert result == {"choices": [], "failed": True}


def label(custom_id: str, **field: Any) -> dict[str, Any]:
    return {"type": 18, "label": custom_id, "component": {"custom_id": custom_id} | field}


async def test_form_with_every_other_field(bot: Bot, ben: HumanClient) -> None:
    options = [{"label": name, "value": name} for name in ("dog", "cat", "bird")]
    fields = [
        label("radio", type=21, options=options),
        label("boxes", type=22, options=options, min_values=1, max_values=2),
        label("who", type=5),
        label("role", type=6, required=False),
        label("old", type=4, style=2, value="as it was"),
    ]
    shown = await ben.slash("imagine")
    await bot.answer(shown, 9, title="Form", custom_id="form", components=fields)
    sent = await shown.submit(radio="cat", boxes=["dog", "bird"], who=["cleo"])
    data = bot.interaction(sent).data
    filled = {c["component"]["custom_id"]: c["component"] for c in data["components"]}
    assert filled["radio"]["value"] == "cat"
    assert filled["boxes"]["values"] == ["dog", "bird"]
    assert list(data["resolved"]["users"]) == filled["who"]["values"]
    assert filled["role"]["values"] == []
    assert filled["old"]["value"] == "as it was"
    assert len(ben.modals()) == 1
    status, _ = await bot.answer(sent, 9, title="Another", custom_id="f", components=fields)
    assert status == 400
    await bot.answer(sent, 6)
    assert ben.modals() == []


async def test_unanswered_form_stays_open_for_another_try(box: Sandbox, bot: Bot, ben: HumanClient) -> None:
    shown = await ben.slash("imagine")
    await bot.answer(shown, 9, title="Form", custom_id="form", components=[label("a", type=4, style=1)])
    sent = await shown.submit(a="x")
    box.clock.advance(3.1)
    assert (sent.state, sent.error) == ("failed", "Something went wrong. Try again.")
    assert len(ben.modals()) == 1
    assert bot.interaction(sent).to_json()["modal_id"] == shown.id


async def test_private_conversation_between_people_stays_private(box: Sandbox, bot: Bot, ben: HumanClient) -> None:
    told: list[str] = []
    box.gateway.dispatch = lambda event, *rest, **more: told.append(event)  # type: ignore[method-assign]
    dm = await ben.dm("cleo")
    said = await ben.say("psst", channel=dm)
    await box.member("cleo").react(said["id"], "👍")
    await ben.do("typing", channel_id=dm)
    await ben.do("delete", message_id=said["id"])
    assert told == []
    await ben.say("hello", channel=await ben.dm())
    assert told == ["MESSAGE_CREATE"]


async def test_ephemeral_messages_are_told_to_their_person_alone(box: Sandbox, bot: Bot, ben: HumanClient) -> None:
    told: list[str] = []
    box.gateway.dispatch = lambda event, *rest, **more: told.append(event)  # type: ignore[method-assign]
    queue = box.container.events.subscribe()
    shown = await ben.slash("imagine")
    await bot.answer(shown, 4, content="secret", flags=64)
    _, body = await bot.hook(shown, "GET", "/messages/@original")
    news = [queue.get_nowait() for _ in range(queue.qsize())]
    assert told == ["INTERACTION_CREATE"]
    for name, kinds in (("ben", ["interaction", "message_create", "interaction"]), ("ada", [])):
        view = MemberView(box.container, box.member(name).user)
        assert [event["type"] for one in news if (event := view.event_json(one))] == kinds
    assert (await bot.call("GET", f"channels/{ben.channel()}/messages"))[1] == []
    assert (await bot.call("DELETE", f"channels/{ben.channel()}/messages/{body['id']}"))[0] == 404


async def test_file_for_an_option_may_be_too_large(box: Sandbox, bot: Bot, ben: HumanClient) -> None:
    command = {"name": "train", "description": "d", "options": [{"type": 11, "name": "photo", "description": "d"}]}
    await bot.call("POST", f"applications/{APPLICATION}/commands", command)
    box.world_editor.set_upload_limit(STUDIO, 3)
    await ben.slash("train", photo=Upload(filename="a.png", content=b"123"))
    with pytest.raises(HumanError, match="too_large"):
        await ben.slash("train", photo=Upload(filename="a.png", content=b"1234"))
