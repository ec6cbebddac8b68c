"""/train, from the photos to the film of a training; the engine is a fake."""

import asyncio
import datetime as dt
import io
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.features.train.training import STATEMENT
from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.attachments import Upload
from db.people.subjects import consent_to, subjects_of_member
from db.queue.finding import jobs_of_member
from db.queue.job import State
from tests.support.acceptance.bots import DAILY, bot_beside
from tests.support.acceptance.delivery import TOKEN_S
from tests.support.acceptance.engines import GATE
from tests.support.acceptance.training import available, photos, preflight, sees, trained
from tests.support.bot.jobs import NOON, make_job
from tests.support.engines.creature import photo
from tests.support.files.photos import encoded

GPS_IFD = 0x8825
PLACE = b"CANARY-GPS"


def placed_photo(index: int) -> bytes:
    """A photo that says where it was taken."""
    exif = Image.Exif()
    exif.get_ifd(GPS_IFD)[29] = PLACE.decode()
    stream = io.BytesIO()
    Image.open(io.BytesIO(photo(index))).save(stream, "JPEG", exif=exif)
    return stream.getvalue()


async def test_train_shows_every_photo_with_its_verdict_and_charges_nothing_yet(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        bad = Upload(filename="a.png", content=b"not a picture", content_type="image/png")
        small = Upload(filename="b.png", content=photo(3, 32), content_type="image/png")
        blank = Upload(filename="c.png", content=encoded(Image.new("RGB", (200, 200), "white")))
        coarse = Upload(filename="d.png", content=photo(4, 64), content_type="image/png")
        files = [*photos(3), photos(1)[0], bad, small, blank, coarse]
        card = await preflight(ben, files)
        text = ben.text(card)
        assert [line for line in text.splitlines() if re.match(r"\d\. ", line)] == [
            "1. ✅ good",
            "2. ✅ good",
            "3. ✅ good",
            "4. ✖️ the same as photo 1",
            "5. ✖️ not a PNG, JPEG or WebP file",
            "6. ✖️ too small: both sides need at least 64 px",
            "7. ✖️ blank: there is nothing to see on it",
            "8. 🔍 low resolution: usable, but a larger photo is better",
        ]
        assert STATEMENT in text
        assert f"of your {DAILY} credits" in text
        assert len(ben.pictures(card)) == len(files)
        assert await available(bot, ben) == DAILY


async def test_train_with_too_few_photos_cannot_go(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        card = await with_options(ben, photos(2))
        assert "needs at least 3" in ben.text(card)
        assert ben.buttons(card) == ["Change photos", "Cancel"]


async def test_train_without_agreement_begins_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        asked = await ben.slash("train", name="Blob", kind="mascot")
        assert STATEMENT in str(await asked.modal())
        shown = await asked.submit(**{"3_to_10_photos": photos(4)})
        card = (await shown.answer())["id"]
        assert "Pressing 'I agree' confirms this" in ben.text(card)
        assert await bot.services.db.read(jobs_of_member, int(ben.id)) == []
        assert await bot.services.db.read(subjects_of_member, int(ben.id)) == []
        await ben.press(card, "Cancel")
        await sandbox.until(lambda: "Cancelled" in ben.text(card))
        assert await bot.services.files.list("uploads") == []


async def test_train_left_alone_deletes_the_photos(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await preflight(ben, photos(4))
        assert len(await bot.services.files.list("uploads")) == 4
        await ben.press(card, "Cancel")
        await sandbox.until(lambda: "Cancelled" in ben.text(card))
        assert await bot.services.files.list("uploads") == []


async def test_train_with_other_photos_looks_at_those_and_forgets_the_first(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await with_options(ben, photos(2))
        form = await ben.press(card, "Change photos")
        await form.submit(**{"3_to_10_photos": photos(4)})
        await sandbox.until(lambda: "I agree – start" in ben.buttons(card))
        assert len(await bot.services.files.list("uploads")) == 4


async def test_train_keeps_no_byte_of_where_a_photo_was_taken(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        placed = [
            Upload(filename="a.jpg", content=placed_photo(index), content_type="image/jpeg") for index in range(3)
        ]
        assert all(PLACE in upload.content for upload in placed)
        card = await preflight(ben, placed)
        message = await (await ben.press(card, "I agree – start")).message()
        await sandbox.until(lambda: "Training finished" in ben.text(message["id"]))
        kept = [file for file in tmp_path.rglob("*") if file.is_file()]
        assert kept
        assert [file for file in kept if PLACE in file.read_bytes()] == []


async def test_train_shows_a_film_records_the_consent_and_deletes_the_photos(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await trained(sandbox, ben)
        assert len(ben.pictures(card)) == 5
        (subject,) = await bot.services.db.read(subjects_of_member, int(ben.id))
        consent = await bot.services.db.read(consent_to, subject.id)
        assert consent is not None
        assert (consent.user_id, consent.statement, len(consent.photo_hashes)) == (int(ben.id), STATEMENT, 4)
        assert subject.ready
        assert await bot.services.files.list("uploads") == []
        assert sandbox.unimplemented == []


async def test_train_is_seen_by_everybody_unless_it_was_to_be_private(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        asked = await ben.slash("train", name="Blob", kind="mascot")
        shown = await asked.submit(**{"3_to_10_photos": photos(4)})
        await ben.press((await shown.answer())["id"], "I agree – start")
        await sandbox.until(lambda: sees(cleo, "Training finished"))
        assert sandbox.notified == []


async def test_private_card_says_in_time_that_the_result_comes_as_a_direct_message(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.shared.delivery.delivery.LAST_EDIT_S", TOKEN_S)  # the last edit is the first
    monkeypatch.setenv(GATE, str(tmp_path / "open"))
    async with bot_beside(sandbox, tmp_path):
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        card = await preflight(ben, photos(4), name="Garden gate", private=True)
        await ben.press(card, "I agree – start")
        await sandbox.until(lambda: "comes as a direct message" in ben.text(card))
        assert "Stop early" in ben.buttons(card)
        sandbox.clock.advance(TOKEN_S + 60)
        (tmp_path / "open").touch()
        dm = await ben.dm()
        await sandbox.until(lambda: any("Training finished" in ben.text(one["id"]) for one in ben.messages(dm)))
        assert cleo.messages() == []


async def test_train_in_public_takes_its_private_question_back(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        card = await preflight(ben, photos(4), private=False)
        await ben.press(card, "I agree – start")
        await sandbox.until(lambda: sees(cleo, "Training finished"))
        assert [one["id"] for one in ben.messages()] == [one["id"] for one in cleo.messages()]


async def test_train_that_cannot_be_paid_leaves_the_question(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await preflight(ben, photos(4), private=False)
        await bot.leave(ben, 1)
        await ben.press(card, "I agree – start")
        await sandbox.until(lambda: sees(ben, "you have 1 left"))
        assert "I agree – start" in ben.buttons(card)
        assert sandbox.member("cleo").messages() == []
        assert await bot.services.db.read(subjects_of_member, int(ben.id)) == []


@pytest.mark.parametrize("private", [True, False])
async def test_train_agreed_to_twice_at_once_begins_once(sandbox: Sandbox, tmp_path: Path, private: bool) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await preflight(ben, photos(4), private=private)
        pressed = await asyncio.gather(*(ben.press(card, "I agree – start") for _ in range(2)))
        assert [await one.done() for one in pressed] == ["acknowledged"] * 2
        await sandbox.until(lambda: len(ben.messages()) == 1 and sees(ben, "Training finished"))
        (job,) = await bot.services.db.read(jobs_of_member, int(ben.id))
        assert await available(bot, ben) == DAILY - job.charged


async def test_train_goes_on_when_the_latest_training_was_stopped_for_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        times = {"started_at": NOON, "ended_at": NOON + dt.timedelta(seconds=10)}
        bot.services.forecast.learn(make_job(kind="train", state=State.DONE, charged=0, **times))
        card = await preflight(ben, photos(4))
        assert "time not known yet" in ben.text(card)
        message = await (await ben.press(card, "I agree – start")).message()
        await sandbox.until(lambda: "Training finished" in ben.text(message["id"]))


async def with_options(member: HumanClient, files: list[Upload]) -> str:
    """Send photos with the command, and return the id of the card that asks for consent."""
    options: dict[str, Any] = {f"photo{index}": file for index, file in enumerate(files, 1)}
    shown = await member.slash("train", name="Blob", kind="mascot", **options)
    return str((await shown.answer())["id"])


async def test_train_with_photos_as_options_needs_no_form(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        assert "I agree – start" in ben.buttons(await with_options(ben, photos(3)))


async def test_train_refuses_a_kind_that_is_too_long_in_small_letters_or_no_plain_words(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        refusal = await (await ben.slash("train", name="Rex", kind="İ" * 32)).answer()
        assert "That `kind` is too long" in ben.text(refusal["id"])
        for kind in ("dog (small)", "cat:: dog", "[dog]"):  # would be read as weights and parts of captions
            refusal = await (await ben.slash("train", name="Rex", kind=kind)).answer()
            assert "A `kind` is a plain word or two" in ben.text(refusal["id"])
