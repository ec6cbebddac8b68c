"""What members and bots write is text, whatever it looks like."""

import pytest
from playwright.async_api import expect

from bot.sandbox.server import Sandbox
from tests.acceptance.page.conftest import Window
from tests.support.acceptance.show_bot import STEPS, ShowBot

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ATTACK = '"><img src=x onerror=window.hacked=1><script>window.hacked=1</script>'


async def test_markup_in_a_prompt_is_inert(window: Window, bot: ShowBot) -> None:
    page = await window.open()
    await page.get_by_label("Message", exact=True).fill(f"/imagine {ATTACK}")
    await page.keyboard.press("Enter")
    for _ in range(STEPS + 1):
        bot.go.release()
    card = page.locator(".message").last
    await expect(card.get_by_role("img")).to_have_count(4)
    await expect(card.get_by_role("heading")).to_contain_text("<script>window.hacked=1</script>")
    await expect(page.locator("[onerror], .message script")).to_have_count(0)
    assert await page.evaluate("window.hacked") is None


async def test_markup_in_names_of_people_and_files_is_inert(window: Window, box: Sandbox) -> None:
    box.world.users["120000000000000002"].global_name = ATTACK
    page = await window.open()
    await box.member("ben").say(ATTACK)
    files = [{"name": f"{ATTACK}.txt", "mimeType": "text/plain", "buffer": b"x"}]
    await page.locator("#composer input[type=file]").set_input_files(files)  # type: ignore[arg-type]
    await page.keyboard.press("Enter")
    await expect(page.locator(".message")).to_have_count(2)
    await expect(page.locator(".author").first).to_have_text(ATTACK)
    await page.locator(".author").first.click()
    await expect(page.locator(".user-card")).to_contain_text(ATTACK)
    await expect(page.locator("[onerror], .message script, #people script")).to_have_count(0)
    assert await page.evaluate("window.hacked") is None


async def test_links_lead_only_to_the_web(window: Window, box: Sandbox) -> None:
    page = await window.open()
    await box.member("ben").say(
        "[a](javascript:window.hacked=1) [b](https://example.org/b) <javascript:alert(1)> data:text/html,x"
    )
    links = page.locator(".message .body a")
    await expect(links).to_have_count(1)
    await expect(links).to_have_attribute("href", "https://example.org/b")
    await expect(links).to_have_attribute("rel", "noopener noreferrer nofollow")


async def test_endless_marks_do_not_hold_up_the_page(window: Window, box: Sandbox) -> None:
    page = await window.open()
    for mark in ("**", "__", "||", "*", "`", "[a](", "~~", "<t:", "_"):
        await box.member("ben").say((mark * 2000)[:2000])
    await expect(page.locator(".message")).to_have_count(9)
