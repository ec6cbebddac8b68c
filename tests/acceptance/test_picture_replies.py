"""Words to the bot about a picture, as a reply: to anybody's photo, a card of ours, and what cannot be drawn from."""

from pathlib import Path
from typing import Any

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.attachments import Upload
from bot.sandbox.state.seed import AFTER_DARK
from bot.shared.results import picture_names
from db.file_keys import job_file
from db.queue.delivery import set_message
from db.queue.finding import jobs_of_member
from db.queue.job import Job
from inference.catalogue import Catalogue
from inference.requests import ImageRequest, PictureOrigin, from_json
from tests.support.acceptance.bots import DAILY, RunningBot, bot_beside
from tests.support.acceptance.pictures import settled
from tests.support.acceptance.upscaling import drawn
from tests.support.bot.catalogues import LARGE, WITH_EDITING
from tests.support.files.photos import encoded, picture

PHOTO = Upload(filename="photo.png", content=encoded(picture(width=300, height=200)), content_type="image/png")


def named(bot: RunningBot, words: str) -> str:
    assert bot.client.user is not None
    return f"<@{bot.client.user.id}> {words}"


async def answer(
    sandbox: Sandbox, who: HumanClient, said: dict[str, Any], channel: str | None = None
) -> dict[str, Any]:
    """Wait for what the bot replies to a message, and return it."""

    def replies() -> list[dict[str, Any]]:
        return [
            one for one in who.messages(channel) if one.get("message_reference", {}).get("message_id") == said["id"]
        ]

    await sandbox.until(replies)
    return replies()[0]


async def jobs_of(bot: RunningBot, who: HumanClient) -> list[tuple[Job, ImageRequest]]:
    """Return what somebody had drawn, newest first."""
    jobs = await bot.services.db.read(jobs_of_member, int(who.id))
    found = [(job, from_json(job.request)) for job in jobs]
    return [(job, request) for job, request in found if isinstance(request, ImageRequest)]


async def test_photo_of_another_is_begun_from_and_keeps_its_layout(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        photo = await ben.say("look", files=[PHOTO])
        said = await cleo.say(named(bot, "make it night --count 1"), reply_to=photo["id"])
        card = await answer(sandbox, cleo, said)
        await sandbox.until(lambda: "from a picture · strength 50%" in ben.text(card["id"]))
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 1)
        ((job, request),) = await jobs_of(bot, cleo)
        assert request.init is not None
        assert (request.prompt, request.init.strength, request.parameters) == (
            "make it night",
            0.5,
            ("--ar 3:2", "--count 1"),
        )
        assert await bot.services.files.exists(f"uploads/{said['id']}/picture")
        assert (job.interaction_id, job.private) == (int(said["id"]), False)
        assert (await bot.statement(cleo)).available == DAILY - 1
        assert (await bot.statement(ben)).available == DAILY
        assert "Hello!" not in "".join(ben.text(one["id"]) for one in ben.messages())  # it is not greeted as well


async def test_one_picture_of_a_card_is_edited_by_a_model_that_can_or_begun_from(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_EDITING) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        card = await drawn(sandbox, ben, "noise --seed 7")
        await settled(sandbox, bot, ben)
        ((parent, _),) = await jobs_of(bot, ben)
        unclear = await cleo.say(named(bot, "make it night"), reply_to=card)
        which = await answer(sandbox, cleo, unclear)
        assert "There are 2 pictures on that message" in cleo.text(which["id"])
        said = await cleo.say(named(bot, "#2 make it night --model edits --count 1"), reply_to=card)
        edited = (await answer(sandbox, cleo, said))["id"]
        await sandbox.until(lambda: "Edit by words of [picture 2](" in ben.text(edited))
        said = await cleo.say(named(bot, "#1 make it day --strength 40 --ar 1:1 --count 1"), reply_to=card)
        begun = (await answer(sandbox, cleo, said))["id"]
        await sandbox.until(lambda: "Image to image, strength 40% of [picture 1](" in ben.text(begun))
        (_, second), (job, first) = await jobs_of(bot, cleo)
        assert (first.references, first.init) == ((f"uploads/{job.interaction_id}/picture",), None)
        assert first.origin == PictureOrigin(job_id=parent.id, picture=2, change="Edit by words")
        assert second.init is not None
        assert job.source_job_id == parent.id
        kept = [await bot.services.files.get(key) for key in (first.references[0], second.init.key)]
        made = [await bot.services.files.get(job_file(parent.id, name)) for name in reversed(picture_names(parent))]
        assert kept == made


async def test_what_cannot_be_drawn_from_ends_in_a_sentence(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, relaxed="") as bot:
        ada, ben, cleo = (sandbox.member(name) for name in ("ada", "ben", "cleo"))
        photo = await ben.say("look", files=[PHOTO])
        await (await ada.slash("atelier words add", word="ghastly")).answer()
        for words, source, sentence in (
            ("", photo, "say what I should make"),
            ("make it night", await ben.say("no picture here"), "I see no PNG, JPEG or WebP picture"),
            ("a ghastly night", photo, "is blocked here"),
            ("make it night --strength lots", photo, "`strength` must be a whole number"),
        ):
            said = await cleo.say(named(bot, words), reply_to=source["id"])
            refusal = await answer(sandbox, cleo, said)
            assert sentence in cleo.text(refusal["id"])
        await bot.leave(cleo, 3)
        await cleo.say(named(bot, "make it night"), reply_to=photo["id"])
        dm = await cleo.dm()  # what somebody has is nobody else's business
        await sandbox.until(lambda: any("this costs 4 credits" in cleo.text(one["id"]) for one in cleo.messages(dm)))
        await (await ada.slash("atelier ban", member=cleo.id, reason="spam")).answer()
        await cleo.say(named(bot, "make it night --count 1"), reply_to=photo["id"])
        await sandbox.until(lambda: any("banned you" in cleo.text(one["id"]) for one in cleo.messages(dm)))
        assert await jobs_of(bot, cleo) == []
        assert await bot.services.files.list("uploads") == []


async def test_picture_that_is_private_gone_or_for_adults_is_not_drawn_from(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        photo = await ben.say("look", files=[PHOTO])
        private = await (await ben.slash("imagine", prompt="a red heart", count=1, private=True)).answer()
        await sandbox.until(lambda: "Re-roll" in ben.buttons(private["id"]))
        await settled(sandbox, bot, ben)
        ((job, _),) = await jobs_of(bot, ben)
        await bot.services.db.write(set_message, job.id, int(photo["id"]))  # as if it were shown there
        refusal = await answer(sandbox, cleo, await cleo.say(named(bot, "make it night"), reply_to=photo["id"]))
        assert "Only the person who asked" in cleo.text(refusal["id"])
        card = await drawn(sandbox, ben, count=1)
        (job, _), *_ = await jobs_of(bot, ben)
        await bot.services.files.delete_tree(f"jobs/{job.id}")
        said = await cleo.say(named(bot, "make it night"), reply_to=card)
        refusal = await answer(sandbox, cleo, said)
        assert "no longer have that picture" in cleo.text(refusal["id"])
        await ben.do("delete", message_id=photo["id"])
        stored = next(one for one in sandbox.messages if one.id == said["id"])
        again = sandbox.container.payloads.message(stored, sandbox.world.bot_id)
        again |= {"id": str(int(said["id"]) + 1), "referenced_message": None}  # as where somebody deleted it meanwhile
        sandbox.gateway.dispatch("MESSAGE_CREATE", again)
        await sandbox.until(
            lambda: any("The message that you replied to is gone" in cleo.text(one["id"]) for one in cleo.messages())
        )
        adult = await (await ben.slash("imagine", channel=AFTER_DARK, prompt="a red heart", count=1)).message()
        await sandbox.until(lambda: "Re-roll" in ben.buttons(adult["id"]))
        bot.client.get_channel(int(AFTER_DARK)).nsfw = False  # type: ignore[union-attr]  # as the gateway would tell
        said = await cleo.say(named(bot, "make it night"), channel=AFTER_DARK, reply_to=adult["id"])
        refusal = await answer(sandbox, cleo, said, AFTER_DARK)
        assert "draw from it in such a channel" in cleo.text(refusal["id"])
        assert await jobs_of(bot, cleo) == []


async def test_question_is_asked_in_the_channel_and_answered_by_whoever_it_is_for(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    licensed = Catalogue(images=(LARGE.model_copy(update={"must_accept": True}),), speech=())
    async with bot_beside(sandbox, tmp_path, catalogue=licensed, asks_above=5) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        said = await cleo.say(named(bot, "make it night --steps 50"), files=[PHOTO])
        question = (await answer(sandbox, cleo, said))["id"]
        assert "Do you accept it?" in ben.text(question)
        await ben.press(question, "Decline")
        await sandbox.until(lambda: any("Only the person who asked" in ben.text(one["id"]) for one in ben.messages()))
        await cleo.press(question, "Accept")
        await sandbox.until(lambda: "This uses 8 credits." in ben.text(question))
        assert str(DAILY) not in ben.text(question)
        await cleo.press(question, "Continue")
        await sandbox.until(lambda: any(len(ben.pictures(one["id"])) == 4 for one in ben.messages()))
        await settled(sandbox, bot, cleo)
        assert question not in [one["id"] for one in ben.messages()]
        assert (await bot.statement(cleo)).available == DAILY - 8
