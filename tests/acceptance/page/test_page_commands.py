"""Writing commands in the page: completion, options, what comes back."""

import pytest
from playwright.async_api import Page, expect

from bot.sandbox.server import Sandbox
from tests.acceptance.page.conftest import Window
from tests.support.acceptance.show_bot import STEPS, ShowBot

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def write(page: Page, line: str) -> None:
    """Write a line into the message box and press Enter."""
    await page.get_by_label("Message", exact=True).fill(line)
    await page.keyboard.press("Enter")


async def suggested(page: Page) -> None:
    """Ask for a model whose name has 'larg' in it, and wait for the suggestions to these letters, not to fewer."""
    await page.get_by_label("Message", exact=True).press_sequentially("/imagine a cat model:")
    await expect(page.get_by_role("combobox", name="model")).to_be_focused()
    await page.keyboard.insert_text("larg")
    await expect(page.get_by_role("option")).to_have_text(["emoji-large"])


async def test_typed_line_becomes_a_card_with_progress_and_pictures(window: Window, bot: ShowBot) -> None:
    page = await window.open()
    await write(page, "/imagine a red heart")
    card = page.locator(".message").last
    await expect(card).to_contain_text("Ada used /imagine")
    await expect(card).to_contain_text("is thinking…")
    bot.go.release()
    await expect(card).to_contain_text(f"step 0 of {STEPS}")
    bot.go.release()
    await expect(card.get_by_role("img")).to_have_count(1)
    for _ in range(STEPS - 1):
        bot.go.release()
    await expect(card.get_by_role("img")).to_have_count(4)
    await expect(card.get_by_alt_text("a red heart, 4")).to_be_visible()
    assert (
        await card.locator("img").evaluate_all(
            "all => Promise.all(all.map(i => i.decode().then(() => i.naturalWidth)))"
        )
        == [64] * 4
    )
    await expect(page.get_by_label("Message", exact=True)).to_have_value("")


async def test_slash_lists_the_commands_with_descriptions(window: Window) -> None:
    page = await window.open()
    await page.get_by_label("Message", exact=True).press_sequentially("/")
    await expect(page.get_by_role("option", name="/quota What is left")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("listbox")).to_have_count(0)


async def test_keyboard_alone_fills_in_options_and_is_told_what_is_wrong(
    window: Window, box: Sandbox, bot: ShowBot
) -> None:
    page = await window.open()
    await page.get_by_label("Message", exact=True).press_sequentially("/ima")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("combobox", name="prompt")).to_be_focused()
    await expect(page.locator(".command-help")).to_contain_text("What to draw")
    await page.keyboard.type("a cat count:9")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_have_text("count must be a whole number from 1 to 4.")
    await page.keyboard.press("Backspace")
    await page.keyboard.type("2")
    await page.keyboard.press("Enter")
    for _ in range(STEPS + 1):
        bot.go.release()
    await expect(page.locator(".message").last.get_by_role("img")).to_have_count(2)


async def test_missing_required_option_is_asked_for(window: Window, box: Sandbox) -> None:
    page = await window.open()
    await write(page, "/imagine")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("prompt is needed")
    assert box.messages == []


async def test_suggestions_and_choices_come_live_and_are_sent_as_chosen(window: Window) -> None:
    page = await window.open()
    await suggested(page)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("combobox", name="model")).to_have_value("emoji-large")
    await page.get_by_role("button", name="aspect").click()
    await page.get_by_role("option", name="wide").click()
    await page.keyboard.press("Enter")
    await expect(page.locator(".message").last).to_contain_text("a cat | wide | emoji-large")


async def test_tab_takes_the_first_suggestion_and_enter_what_was_typed(window: Window) -> None:
    page = await window.open()
    await suggested(page)
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("combobox", name="model")).to_have_value("emoji-large")
    await page.keyboard.press("Enter")
    await expect(page.locator(".message").last).to_contain_text("a cat | square | emoji-large")


async def test_named_options_in_a_line_are_understood(window: Window) -> None:
    page = await window.open()
    await write(page, "/imagine prompt:a cat aspect:tall private:yes")
    await expect(page.locator(".message").last).to_contain_text("a cat | tall | None")


async def test_unknown_command_is_refused_and_kept(window: Window, box: Sandbox) -> None:
    page = await window.open()
    await write(page, "/nonsense here")
    await expect(page.get_by_role("alert")).to_contain_text("There is no command /nonsense here")
    await expect(page.get_by_label("Message", exact=True)).to_have_value("/nonsense here")
    assert box.messages == []


async def test_command_without_answer_says_so(window: Window, box: Sandbox) -> None:
    page = await window.open()
    await write(page, "/silence")
    await expect(page.get_by_text("Sending /silence")).to_be_visible()
    box.clock.advance(4)
    await expect(page.get_by_role("alert")).to_contain_text("The application did not respond")
    await page.get_by_role("button", name="Dismiss").click()
    await expect(page.get_by_text("did not respond")).to_have_count(0)


async def test_form_takes_files_and_says_what_is_missing(window: Window) -> None:
    page = await window.open()
    await write(page, "/train")
    form = page.get_by_role("dialog", name="Train a subject")
    await form.get_by_role("button", name="Submit").click()
    await expect(form).to_contain_text("This field is required.")
    await expect(form).to_contain_text("At least 2 files are needed.")
    await form.get_by_label("Name").fill("Rex")
    photos = [{"name": name, "mimeType": "image/png", "buffer": b"\x89PNG"} for name in ("a.png", "b.png")]
    await form.locator("input[type=file]").set_input_files(photos)  # type: ignore[arg-type]
    await form.get_by_role("button", name="Kind").click()
    await page.get_by_role("option", name="a dog").click()
    await form.get_by_role("button", name="Submit").click()
    await expect(page.locator(".message").last).to_contain_text("Rex, a dog: a.png, b.png")
    await expect(form).to_have_count(0)


async def test_form_that_fails_keeps_what_was_typed(window: Window, box: Sandbox) -> None:
    page = await window.open()
    await write(page, "/train")
    form = page.get_by_role("dialog", name="Train a subject")
    await form.get_by_label("Name").fill("Rex")
    photos = [{"name": name, "mimeType": "image/png", "buffer": b"\x89PNG"} for name in ("a.png", "b.png")]
    await form.locator("input[type=file]").set_input_files(photos)  # type: ignore[arg-type]
    await form.get_by_role("button", name="Kind").click()
    await page.get_by_role("option", name="a dog").click()
    box.faults.lost_interactions = 1
    await form.get_by_role("button", name="Submit").click()
    await expect(form.get_by_role("button", name="Sending…")).to_be_visible()
    await box.until(lambda: not box.faults.lost_interactions)
    box.clock.advance(4)
    await expect(form).to_contain_text("Something went wrong. Try again.")
    await form.get_by_role("button", name="Submit").click()
    await expect(page.locator(".message").last).to_contain_text("Rex, a dog: a.png, b.png")
