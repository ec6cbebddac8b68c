"""Messages in the page: cards, buttons, files, voice, reactions, who sees what."""

import re
import time

import pytest
from playwright.async_api import Page, expect

from bot.sandbox.server import Sandbox
from tests.acceptance.page.conftest import Window
from tests.support.acceptance.show_bot import STEPS, ShowBot, picture

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def use(page: Page, line: str) -> None:
    """Write a command and wait until it has been sent; its form, which has a Cancel too, then gives the focus back."""
    box = page.get_by_label("Message", exact=True)
    await box.fill(line)
    await page.keyboard.press("Enter")
    await expect(box).to_be_focused()


async def card_on(page: Page, bot: ShowBot, prompt: str = "a red heart") -> None:
    """Let the bot draw a finished card."""
    await use(page, f"/imagine {prompt}")
    for _ in range(STEPS + 1):
        bot.go.release()
    await expect(page.get_by_role("button", name="Re-roll")).to_be_visible()


async def test_button_press_reaches_the_bot(window: Window, bot: ShowBot) -> None:
    page = await window.open()
    await card_on(page, bot)
    await page.get_by_role("button", name="Re-roll").click()
    await expect(page.locator(".message").last).to_contain_text("Re-roll pressed by @Ada")


async def test_button_without_answer_is_marked_as_failed(window: Window, box: Sandbox, bot: ShowBot) -> None:
    page = await window.open()
    await card_on(page, bot)
    await page.get_by_role("button", name="Ignore").click()
    await expect(page.locator(".waiting")).to_have_count(1)
    box.clock.advance(4)
    await expect(page.get_by_role("alert")).to_contain_text("This interaction failed")
    await expect(page.locator(".waiting")).to_have_count(0)


async def test_select_sends_the_chosen_value(window: Window, bot: ShowBot) -> None:
    page = await window.open()
    await card_on(page, bot)
    await page.get_by_role("button", name="Vary one of them").press("Enter")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator(".message").last).to_contain_text("varying 2")


async def test_ephemeral_message_is_seen_by_its_owner_only(window: Window, other: Window, box: Sandbox) -> None:
    page, bens = await window.open("ada"), await other.open("ben")
    await page.get_by_label("Message", exact=True).fill("/quota")
    await page.keyboard.press("Enter")
    mine = page.locator(".message").last
    await expect(mine).to_contain_text("Only you can see this")
    await box.member("ada").say("done")
    await expect(bens.locator(".message")).to_have_count(1)
    await expect(bens.locator(".message")).to_contain_text("done")
    await page.get_by_role("button", name="Dismiss").click()
    await expect(page.get_by_text("credits left")).to_have_count(0)


async def test_picture_is_enlarged_and_turned_by_keys(window: Window, bot: ShowBot) -> None:
    page = await window.open()
    await card_on(page, bot)
    await page.get_by_role("button", name="Enlarge: a red heart, 1").click()
    box = page.get_by_role("dialog", name="Picture")
    await expect(box.get_by_role("img", name="a red heart, 1")).to_be_visible()
    await page.keyboard.press("ArrowLeft")
    await expect(box.get_by_role("img", name="a red heart, 4")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(box).to_have_count(0)


async def test_button_keeps_the_focus_while_the_card_changes(window: Window, bot: ShowBot) -> None:
    page = await window.open()
    await use(page, "/imagine a red heart")
    bot.go.release()
    cancel = page.locator(".message").last.get_by_role("button", name="Cancel", exact=True)
    await cancel.focus()
    bot.go.release()
    await expect(page.get_by_text(f"step 1 of {STEPS}")).to_be_visible()
    await expect(cancel).to_be_focused()


async def test_files_are_attached_seen_and_sent(window: Window, box: Sandbox) -> None:
    page = await window.open()
    files = [
        {"name": "dog.png", "mimeType": "image/png", "buffer": picture("#3fa796")},
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"good dog"},
    ]
    await page.locator("#composer input[type=file]").set_input_files(files)  # type: ignore[arg-type]
    await expect(page.get_by_role("list", name="Files to send").get_by_role("listitem")).to_have_count(2)
    await page.get_by_label("Message", exact=True).fill("look")
    await page.keyboard.press("Enter")
    message = page.locator(".message").last
    await expect(message.get_by_role("img")).to_have_count(1)
    await message.get_by_role("button", name="Preview notes.txt").click()
    await expect(message).to_contain_text("good dog")
    assert [file.filename for file in box.messages[-1].attachments] == ["dog.png", "notes.txt"]


async def test_voice_message_is_recorded_sent_and_transcribed(window: Window, box: Sandbox) -> None:
    page = await window.open()
    began_s = time.monotonic()
    await page.get_by_role("button", name="Record a voice message").click()
    await expect(page.locator(".recorder .clock")).to_have_text(re.compile("[1-9]"))
    await page.get_by_role("button", name="Send the voice message").click()
    player = page.locator(".message").get_by_role("group", name="Voice message, ")
    await expect(player).to_be_visible()
    sent = box.messages[-1]
    assert sent.flags & 8192
    assert sent.attachments[0].content[:4] == b"\x1aE\xdf\xa3"  # what Chromium records is WebM, and is named so
    assert (sent.attachments[0].filename, sent.attachments[0].content_type) == ("voice-message.webm", "audio/webm")
    assert 0.4 < (sent.attachments[0].duration_secs or 0) < time.monotonic() - began_s
    assert sent.attachments[0].waveform
    await player.click(button="right", position={"x": 200, "y": 20})
    await page.get_by_role("menuitem", name="Transcribe").click()
    await expect(page.locator(".message").last).to_contain_text("heard.srt")
    await expect(page.locator(".message").last).to_contain_text("Ada used Transcribe")


async def test_own_message_is_edited_answered_and_deleted(window: Window, box: Sandbox) -> None:
    page = await window.open()
    line = page.get_by_label("Message", exact=True)
    await line.fill("helo")
    await page.keyboard.press("Enter")
    message = page.locator(".message")
    await expect(message).to_contain_text("helo")
    await line.press("ArrowUp")
    await line.fill("hello")
    await page.keyboard.press("Enter")
    await expect(message).to_contain_text("hello(edited)")
    await expect(page.get_by_text("Editing your message")).to_be_hidden()
    await message.click(button="right")
    await page.get_by_role("button", name="React with 🎉").click()
    await page.get_by_role("button", name="🎉, 1 reaction").click()
    await expect(page.locator(".reaction")).to_have_count(0)
    await message.click(button="right")
    await page.get_by_role("menuitem", name="Reply").click()
    await line.fill("and again")
    await page.keyboard.press("Enter")
    await expect(message.nth(1)).to_contain_text("Ada hello")
    await message.nth(0).click(button="right")
    await page.get_by_role("menuitem", name="Delete").click()
    await expect(message).to_have_count(1)
    await expect(message).to_contain_text("The original message was deleted")


async def test_markdown_is_drawn(window: Window, box: Sandbox) -> None:
    page = await window.open()
    await box.member("ben").say(
        "# Big\n**bold** *slanted* `code` ||hidden|| snake_case_name\n> said\n- item\n<@120000000000000001>"
    )
    message = page.locator(".message")
    await expect(message.get_by_role("heading")).to_have_text("Big")
    for tag, text in {"strong": "bold", "em": "slanted", "code": "code", "blockquote": "said", "ul li": "item"}.items():
        await expect(message.locator(f".body {tag}")).to_have_text(text)
    await expect(message.locator(".mention.own")).to_have_text("@Ada")
    await expect(message).to_contain_text("snake_case_name")
    await expect(message.get_by_text("hidden")).to_be_hidden()
    await message.get_by_role("button", name="Spoiler").click()
    await expect(message.get_by_text("hidden")).to_be_visible()


async def test_code_of_one_letter_ends_at_its_own_mark(window: Window, box: Sandbox) -> None:
    page = await window.open()
    await box.member("ben").say("not `,` or `:` in ``a`b`` please")
    await expect(page.locator(".message .body code")).to_have_text([",", ":", "a`b"])


async def test_reply_names_whom_its_message_mentioned_and_survives_what_is_no_mention(
    window: Window, box: Sandbox
) -> None:
    page = await window.open()
    for text in (f"<@{box.member('cleo').id}> hello", "<#nowhere> <@x> </y:z> hi"):
        asked = await box.member("ben").say(text)
        await box.member("ben").say("an answer", reply_to=asked["id"])
    quoted = page.locator(".message .used")  # with the letter of their picture
    await expect(quoted).to_have_text(["BBen @Cleo hello", "BBen <#nowhere> <@x> </y:z> hi"])
