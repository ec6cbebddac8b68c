"""Somebody speaks into the microphone of a real browser, or attaches a clip, and reads what was said."""

import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, async_playwright, expect

from bot.sandbox.server import Sandbox
from tests.acceptance.page.conftest import DESKTOP, FLAGS, Window
from tests.support.acceptance.bots import bot_with_models
from tests.support.files.speech_clips import human_or_skip, joined, word_error_rate
from tests.support.optional import chromium

HEARD_WITHIN_MS = 240_000  # a busy machine loads torch and the weights first
ERRORS_MAX = 0.10  # of words; what the browser records is compressed, and a busy machine drops a little of it


def clips() -> tuple[str, bytes]:
    """Return words, and a WAV file in which they are spoken one after the other."""
    spoken = human_or_skip()
    return " ".join(clip.words for clip in spoken), joined(spoken, pause_s=0.4)


@asynccontextmanager
async def page_with_microphone(url: str, file: Path) -> AsyncIterator[Page]:
    """Open the page in a browser whose microphone hears the file, once."""
    flags = [*FLAGS, f"--use-file-for-fake-audio-capture={file}%noloop"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=flags)
        window = Window(await browser.new_page(viewport=DESKTOP), url)  # type: ignore[arg-type]
        yield await window.open("ben")
        window.check()
        await browser.close()


async def transcribed(page: Page, clip: Locator) -> str:
    """Ask for a clip's text by its menu, and return what its card quotes."""
    await clip.click(button="right", position={"x": 200, "y": 20})
    await page.get_by_role("menuitem", name="Transcribe").click()
    card = page.locator(".message").last
    await expect(card).to_contain_text("English (", timeout=HEARD_WITHIN_MS)
    return await card.locator("blockquote").inner_text()


@pytest.mark.long
@pytest.mark.browser
async def test_speech_is_recorded_or_attached_in_the_page_and_read_there(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words, content = clips()
    seconds = (len(content) - 44) / 32_000
    file = tmp_path / "speech.wav"
    file.write_bytes(content)
    async with (
        bot_with_models(sandbox, tmp_path / "data"),
        page_with_microphone(sandbox.url, file) as page,
    ):
        await page.get_by_role("button", name="Record a voice message").click()
        over = re.compile("|".join(f"^0:{second:02d}$" for second in range(int(seconds) + 2, 60)))
        await expect(page.locator(".recorder .clock")).to_have_text(over, timeout=1000 * (seconds + 30))
        await page.get_by_role("button", name="Send the voice message").click()
        recorded = await transcribed(page, page.get_by_role("group", name="Voice message, 0:"))
        (sent,) = sandbox.messages[0].attachments
        bars = base64.b64decode(sent.waveform or "")
        assert seconds < (sent.duration_secs or 0) < seconds + 30
        assert 100 < len(bars) <= 256
        assert min(bars) < 10 < 30 < max(bars)  # pauses and loud words
        await page.locator("#composer input[type=file]").set_input_files(file)
        await page.get_by_label("Message", exact=True).press("Enter")
        attached = await transcribed(page, page.locator(".message").filter(has_text="speech.wav"))
    rates = {"recorded": word_error_rate([(words, recorded)]), "attached": word_error_rate([(words, attached)])}
    with capsys.disabled():
        print(f"\nword error rate in the page: {rates}")
    assert max(rates.values()) <= ERRORS_MAX
