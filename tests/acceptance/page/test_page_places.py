"""Moving about in the page: people, channels, conversations, narrow windows, lost connections, long histories."""

import pytest
from playwright.async_api import BrowserContext, expect

from bot.sandbox.server import Sandbox
from tests.acceptance.page.conftest import Window
from tests.support.acceptance.show_bot import ShowBot

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PHONE = {"width": 360, "height": 740}
WIDER_THAN_WINDOW = """() =>
    [...document.querySelectorAll("body, #chat, #scroller, #composer, .command-form, .popover, dialog")]
    .filter((node) => node.scrollWidth > node.clientWidth + 1 || node.getBoundingClientRect().right > innerWidth + 1)
    .map((node) => node.id || node.className)"""


async def test_newcomer_is_shown_a_line_to_try(window: Window, bot: ShowBot) -> None:
    page = await window.open()
    await page.get_by_role("button", name="/imagine a red heart").click()
    await expect(page.get_by_label("Message", exact=True)).to_have_value("/imagine a red heart")
    await page.keyboard.press("Enter")
    await expect(page.locator(".message")).to_contain_text("Ada used /imagine")


async def test_switching_members_changes_who_speaks(window: Window, box: Sandbox) -> None:
    page = await window.open("ada")
    await page.get_by_role("button", name="Switch to Ben").click()
    await expect(page.locator(".you-are")).to_contain_text("You are Ben")
    await page.get_by_label("Message", exact=True).fill("hello from me")
    await page.keyboard.press("Enter")
    await expect(page.locator(".message .author")).to_have_text("Ben")
    assert box.messages[-1].author_id == "120000000000000002"


async def test_age_restricted_channel_is_marked_and_unread_ones_stand_out(window: Window, box: Sandbox) -> None:
    page = await window.open("ada")
    await expect(page.get_by_role("button", name="after-dark 18+")).to_be_visible()
    await box.member("ben").say("psst", channel="voice-notes")
    await expect(page.get_by_role("button", name="voice-notes unread")).to_be_visible()
    await page.get_by_role("button", name="voice-notes").click()
    await expect(page.locator(".message")).to_contain_text("psst")
    await expect(page.get_by_role("button", name="voice-notes unread")).to_have_count(0)


async def test_direct_message_with_the_bot_takes_commands(window: Window, other: Window) -> None:
    page, bens = await window.open("ada"), await other.open("ben")
    await page.get_by_role("button", name="Direct messages").click()
    await expect(page.locator(".topic")).to_have_text("Direct message")
    await page.get_by_label("Message", exact=True).fill("/imagine a cat private:yes")
    await page.keyboard.press("Enter")
    await expect(page.locator(".message").last).to_contain_text("a cat | square")
    await bens.get_by_role("button", name="Direct messages").click()
    await expect(bens.locator(".topic")).to_have_text("Direct message")
    await expect(bens.locator(".message")).to_have_count(0)


async def test_phone_has_no_sideways_scroll_and_the_sidebar_slides_in(
    window: Window, box: Sandbox, bot: ShowBot
) -> None:
    await window.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page = await window.open()
    await box.member("ben").say("w" * 300 + " https://example.org/" + "x" * 200)
    await page.get_by_label("Message", exact=True).press_sequentially("/imagine a cat " + "that sleeps " * 12)
    assert await page.evaluate(WIDER_THAN_WINDOW) == []
    await page.keyboard.press("Enter")
    for _ in range(5):
        bot.go.release()
    await expect(page.get_by_role("button", name="Re-roll")).to_be_visible()
    assert await page.evaluate(WIDER_THAN_WINDOW) == []
    await expect(page.get_by_role("button", name="after-dark")).to_have_count(0)
    await page.get_by_role("button", name="Servers and channels").click()
    await page.get_by_role("button", name="after-dark").click()
    await expect(page.get_by_role("heading", name="after-dark", exact=True)).to_be_visible()
    await expect(page.get_by_role("button", name="after-dark")).to_have_count(0)
    await page.get_by_label("Message", exact=True).fill("/train")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    assert await page.evaluate(WIDER_THAN_WINDOW) == []


async def test_lost_connection_is_shown_and_mended(box: Sandbox, context: BrowserContext) -> None:
    page = await Window(await context.new_page(), box.url).open()
    await box.__aexit__(None, None, None)
    await expect(page.get_by_text("Reconnecting")).to_be_visible()
    async with Sandbox(port=box.port) as again:
        await again.member("ben").say("back again")
        await expect(page.get_by_text("Reconnecting")).to_be_hidden()
        await expect(page.locator(".message")).to_contain_text("back again")
        await context.close()


async def test_long_history_stays_at_the_bottom_and_loads_upwards(window: Window, box: Sandbox) -> None:
    ben = box.member("ben")
    for number in range(250):
        await ben.say(f"message {number}")
    page = await window.open()
    await expect(page.get_by_text("message 249", exact=True)).to_be_in_viewport()
    await page.locator("#scroller").evaluate("node => { node.scrollTop = 0 }")
    await expect(page.get_by_text("message 120", exact=True)).to_be_attached()
    await ben.say("the newest")
    await expect(page.get_by_role("button", name="New messages")).to_be_visible()
    await expect(page.get_by_text("the newest").first).not_to_be_in_viewport()
    await page.get_by_role("button", name="New messages").click()
    await expect(page.locator(".message", has_text="the newest")).to_be_in_viewport()
