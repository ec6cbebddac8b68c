"""Buttons, menus, forms and cards: an unmodified discord.py client in the sandbox."""

from typing import Any

import pytest

from bot.sandbox.errors import HumanError
from bot.sandbox.server import Sandbox
from bot.sandbox.state.attachments import Upload
from tests.acceptance.conftest import StartDemo
from tests.support.acceptance.demo import Demo


async def test_card_is_filled_edited_and_its_files_replaced(sandbox: Sandbox, demo: Demo) -> None:
    ada = sandbox.member("ada")
    card = await (await ada.slash("draw")).message()
    await sandbox.until(lambda: len(ada.pictures(card["id"])) == 2)
    card = ada.message(card["id"])
    assert [a["filename"] for a in card["attachments"]] == ["2.png", "3.png"]
    assert card["attachments"][0]["description"] == "grey 2"
    assert (card["attachments"][0]["width"], card["attachments"][0]["height"]) == (32, 16)
    assert card["flags"] == 1 << 15
    assert ada.text(card["id"]) == "done"
    assert ada.read(ada.pictures(card["id"])[0])[-1] == 2


async def test_dynamic_button_works_after_a_restart_of_the_bot(sandbox: Sandbox, start_demo: StartDemo) -> None:
    ada = sandbox.member("ada")
    async with start_demo():
        card = await (await ada.slash("draw")).message()
        await sandbox.until(lambda: ada.text(card["id"]) == "done")
    async with start_demo():
        answer = await (await sandbox.member("ben").press(card["id"], "Remember 7")).answer()
    assert answer["content"] == "remembered 7"


async def test_ephemeral_answers_are_seen_by_one_person_only(sandbox: Sandbox, demo: Demo) -> None:
    ada, ben = sandbox.member("ada"), sandbox.member("ben")
    await (await ada.slash("whisper")).answer()
    await sandbox.until(lambda: len(ada.messages()) == 2)
    first, second = ada.messages()
    assert (first["content"], second["content"]) == ("first", "second")
    assert second["flags"] & 64
    assert second["attachments"][0]["ephemeral"]
    assert ben.messages() == []
    with pytest.raises(HumanError, match="unknown_message"):
        ben.message(first["id"])
    await ada.do("dismiss", message_id=first["id"])
    assert [m["content"] for m in ada.messages()] == ["second"]


async def test_menu_edits_its_message(sandbox: Sandbox, demo: Demo) -> None:
    ada = sandbox.member("ada")
    card = await (await ada.slash("menus")).answer()
    await (await ada.select(card["id"], "size", "small", "large")).done()
    assert ada.message(card["id"])["content"] in ("chosen small,large", "chosen large,small")
    answer = await (await ada.select(card["id"], "who", "cleo")).answer()
    assert answer["content"] == "picked cleo"


async def test_deferred_update_edits_later(sandbox: Sandbox, demo: Demo) -> None:
    ada = sandbox.member("ada")
    card = await (await ada.slash("menus")).answer()
    await ada.press(card["id"], "Later")
    await sandbox.until(lambda: ada.message(card["id"])["content"] == "edited later")


async def test_menu_refuses_what_it_does_not_offer(sandbox: Sandbox, demo: Demo) -> None:
    ada = sandbox.member("ada")
    card = await (await ada.slash("menus")).answer()
    for values in ([], ["huge"], ["small", "small"]):
        with pytest.raises(HumanError, match="invalid"):
            await ada.select(card["id"], "size", *values)


async def test_form_with_ten_files(sandbox: Sandbox, demo: Demo) -> None:
    ada = sandbox.member("ada")
    shown = await ada.slash("form")
    form = await shown.modal()
    assert form["title"] == "Your photos"
    photos = [Upload(filename=f"{n}.png", content=b"x" * n) for n in range(1, 11)]
    sent = await shown.submit(name="Rex", photos=photos, consent=True, kind=["dog"])
    answer = await sent.answer()
    assert answer["content"] == "Rex dog [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] True"
    assert answer["flags"] & 64
    assert ada.modals() == []


@pytest.mark.parametrize("wrong", [{"name": "R"}, {"photos": []}, {"kind": ["fish"]}, {"nothing": "x"}])
async def test_form_filled_in_wrongly_stays_open(sandbox: Sandbox, demo: Demo, wrong: dict[str, Any]) -> None:
    ada = sandbox.member("ada")
    shown = await ada.slash("form")
    good = {"name": "Rex", "photos": [Upload(filename="a.png", content=b"1")], "kind": ["dog"]}
    with pytest.raises(HumanError, match="invalid"):
        await shown.submit(**{**good, **wrong})
    assert len(ada.modals()) == 1


async def test_cancelled_form_is_gone(sandbox: Sandbox, demo: Demo) -> None:
    ada = sandbox.member("ada")
    shown = await ada.slash("form")
    await shown.modal()
    await ada.do("cancel", interaction_id=shown.id)
    with pytest.raises(HumanError, match="unknown_modal"):
        await ada.submit(shown.id, name="Rex")


async def test_disabled_and_missing_buttons_cannot_be_pressed(sandbox: Sandbox, demo: Demo) -> None:
    ada = sandbox.member("ada")
    card = await (await ada.slash("menus")).answer()
    message = sandbox.container.messages.find(card["id"])
    assert message is not None
    message.components[-1]["components"][0]["disabled"] = True
    with pytest.raises(HumanError, match="disabled"):
        await ada.press(card["id"], "Later")
    with pytest.raises(HumanError, match="unknown_component"):
        await ada.press(card["id"], "Never")
