"""Voice into text: what members see, through the local Discord."""

from pathlib import Path
from typing import Any

import pytest

from bot.features.voice.job_card import OTHER_LANGUAGE
from bot.sandbox.human.client import HumanClient
from bot.sandbox.limits.components import media_items, walk
from bot.sandbox.server import Sandbox
from bot.sandbox.state.attachments import Upload
from bot.sandbox.state.enums import ComponentType
from db.queue.job import State
from tests.support.acceptance.bots import DAILY, bot_beside
from tests.support.acceptance.engines import GATE
from tests.support.acceptance.voice import available, jobs_of, said, sound, transcript
from tests.support.files.sounds import film, tone

LONG = " ".join(f"This is sentence number {number} of a long talk." for number in range(200))


def heard_files(who: HumanClient, message_id: str) -> dict[str, bytes]:
    """Return the files that a card offers, by name."""
    components = walk(who.message(message_id)["components"])
    urls = [
        media["url"]
        for component, _ in components
        if component["type"] == ComponentType.FILE
        for media in media_items(component)
    ]
    return {url.split("?")[0].rsplit("/", 1)[1]: who.read(url) for url in urls}


async def test_menu_on_a_voice_message_gives_its_text_under_the_speakers_name(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        message = await said(sandbox, ben, "Guten Morgen, liebe Leute.", 61.0)
        card = await (await cleo.context_menu("Transcribe", message_id=message)).message()
        await sandbox.until(lambda: "Guten Morgen" in cleo.text(card["id"]))
        text = cleo.text(card["id"])
        assert f"**<@{ben.id}>**\n> Guten Morgen, liebe Leute." in text
        assert "German (98% sure) · 61 s" in text
        assert f"requested by <@{cleo.id}>" in text
        assert heard_files(cleo, card["id"]) == {}
        assert await available(bot, cleo) == DAILY - 3
        assert await available(bot, ben) == DAILY
        assert sandbox.notified == []
        assert sandbox.unimplemented == []


async def test_menu_on_a_message_without_sound_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        message = await ben.say("just words")
        refusal = await (await ben.context_menu("Transcribe", message_id=message["id"])).answer()
        assert "no voice message, audio or video" in ben.text(refusal["id"])
        assert await jobs_of(bot, ben) == []


async def test_menu_on_a_film_gives_the_text_of_its_sound(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        content = film(tone(40.0)) + b"say:Action, please."
        message = await ben.say("look", files=[Upload(filename="clip.mp4", content=content, content_type="video/mp4")])
        card = await (await ben.context_menu("Transcribe", message_id=message["id"])).message()
        await sandbox.until(lambda: "> Action, please." in ben.text(card["id"]))
        assert await available(bot, ben) == DAILY - 2


async def test_transcribe_a_file_is_priced_by_what_is_in_it(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        options: dict[str, Any] = {"file": sound(31.0, "Hallo zusammen."), "language": "German", "translate": True}
        card = await (await ben.slash("transcribe", **options)).message()
        await sandbox.until(lambda: "31 s" in ben.text(card["id"]))
        text = ben.text(card["id"])
        assert "> (in English) Hallo zusammen." in text
        assert "German → English · 31 s" in text
        assert "Translate to English" not in ben.buttons(card["id"])
        assert await available(bot, ben) == DAILY - 2


async def test_transcribe_in_private_is_seen_by_one(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben, ada = sandbox.member("ben"), sandbox.member("ada")
        card = await (await ben.slash("transcribe", file=sound(1.0, "a secret"), private=True)).message()
        await sandbox.until(lambda: "a secret" in ben.text(card["id"]))
        assert ada.messages() == []


async def test_transcribe_offers_languages_by_their_beginning(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        rows = await ben.autocomplete("transcribe", "language", language="ger")
        assert rows == [{"name": "German", "value": "de"}]
        assert len(await ben.autocomplete("transcribe", "language", language="")) == 25


async def test_subtitles_and_times_come_on_the_same_card_for_free(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        card = await transcript(sandbox, ben, "One thing. Another thing.")
        left, before = await available(bot, ben), len(ben.messages())
        await cleo.press(card, "Subtitles and times")
        await sandbox.until(lambda: "> `0:00` One thing.\n> `0:02` Another thing." in ben.text(card))
        files = heard_files(ben, card)
        assert sorted(files) == ["transcript.srt", "transcript.vtt"]
        assert "00:00:02,000 --> 00:00:04,000\nAnother thing." in files["transcript.srt"].decode()
        assert "Subtitles and times" not in ben.buttons(card)
        assert len(ben.messages()) == before
        assert (len(await jobs_of(bot, ben)), await jobs_of(bot, cleo)) == (1, [])
        assert (await available(bot, ben), await available(bot, cleo)) == (left, DAILY)


async def test_transcribe_with_timestamps_shows_when_what_was_said(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        file = sound(4.0, "One thing. Another thing.")
        card = await (await ben.slash("transcribe", file=file, timestamps=True)).message()
        await sandbox.until(lambda: "Another" in ben.text(card["id"]))
        assert "> `0:00` One thing.\n> `0:02` Another thing." in ben.text(card["id"])
        assert "transcript.srt" in heard_files(ben, card["id"])


async def test_long_text_is_whole_in_its_files(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        card = await transcript(sandbox, ben, LONG, 400.0)
        text = ben.text(card)
        assert "> This is sentence number 0 of a long talk." in text
        assert "of a long talk. …" in text
        assert "number 199" not in text
        files = heard_files(ben, card)
        assert sorted(files) == ["transcript.srt", "transcript.txt", "transcript.vtt"]
        assert " ".join(files["transcript.txt"].decode().split()) == LONG
        assert "number 199" in files["transcript.srt"].decode()
        assert files["transcript.vtt"].startswith(b"WEBVTT")


async def test_words_mention_nobody_and_break_no_formatting(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben, ada = sandbox.member("ben"), sandbox.member("ada")
        words = f"Hey @everyone and <@{ada.id}>, **look** [here](https://evil.example) ```now```"
        card = await transcript(sandbox, ben, words)
        quote = ben.text(card).splitlines()[1]
        assert "@everyone" not in quote
        assert f"<@{ada.id}>" not in quote
        assert r"\*\*look\*\* \[here\](https://evil.example) \`\`\`now\`\`\`" in quote
        assert sandbox.notified == []


async def test_partial_text_is_shown_while_the_rest_is_heard(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(GATE, str(tmp_path / "open"))
    async with bot_beside(sandbox, tmp_path / "data"):
        ben = sandbox.member("ben")
        message = await said(sandbox, ben, "The beginning of it is here, and then comes the gate.")
        card = await (await ben.context_menu("Transcribe", message_id=message)).message()
        await sandbox.until(lambda: "> The beginning of it" in ben.text(card["id"]))
        assert "comes the gate" not in ben.text(card["id"])
        (tmp_path / "open").touch()
        await sandbox.until(lambda: "comes the gate." in ben.text(card["id"]))


async def test_no_speech_costs_nothing_and_leaves_no_clip(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        message = await ben.voice(b"OggS silence", 5.0)
        card = await (await ben.context_menu("Transcribe", message_id=message["id"])).message()
        await sandbox.until(lambda: "refunded" in ben.text(card["id"]))
        assert "**No transcript.** I couldn't hear anyone speak in that clip." in ben.text(card["id"])
        assert await available(bot, ben) == DAILY
        assert await bot.services.files.list("uploads") == []
        assert ben.buttons(card["id"]) == ["Info", "Delete"]


async def test_other_language_is_a_job_of_its_own_for_whoever_asks(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        first = await transcript(sandbox, ben, "Goedemorgen.")
        card = await (await cleo.select(first, OTHER_LANGUAGE, "nl")).message()
        await sandbox.until(lambda: "Dutch" in cleo.text(card["id"]))
        assert f"**<@{ben.id}>**" in cleo.text(card["id"])
        (job,) = await jobs_of(bot, cleo)
        assert job.source_job_id == (await jobs_of(bot, ben))[0].id
        assert await available(bot, cleo) == DAILY - 1


async def test_buttons_survive_a_restart(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        first = await transcript(sandbox, ben, "Guten Abend.")
    async with bot_beside(sandbox, tmp_path):
        card = await (await ben.press(first, "Translate to English")).message()
        await sandbox.until(lambda: "(in English) Guten Abend." in ben.text(card["id"]))


async def test_imagine_this_opens_the_words_to_be_edited(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        first = await transcript(sandbox, ben, "Could you draw me a red heart -- on a hill, please?")
        pressed = await ben.press(first, "Imagine this")
        field = (await pressed.modal())["components"][0]["component"]
        assert field["value"] == "a red heart - on a hill"
        card = await (await pressed.submit(Prompt="A blue heart --count 1")).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 1)
        assert "A blue heart" in ben.text(card["id"])


async def test_delete_by_the_speaker_leaves_neither_text_nor_sound(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        message = await said(sandbox, ben, "I said too much.")
        card = await (await cleo.context_menu("Transcribe", message_id=message)).message()
        await sandbox.until(lambda: "too much" in cleo.text(card["id"]))
        await ben.press(card["id"], "Delete")
        await sandbox.until(lambda: [one["id"] for one in ben.messages()] == [message])
        (job,) = await jobs_of(bot, cleo)
        assert (job.state, job.outcome) == (State.DONE, {})
        assert await bot.services.files.list("uploads") == []
        assert await bot.services.files.list("jobs") == []


async def test_history_brings_a_transcript_back(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        await transcript(sandbox, ben, "Remember this.")
        history = await (await ben.slash("history")).answer()
        shown = await (await ben.press(history["id"], "1")).answer()
        assert "> Remember this." in ben.text(shown["id"])
