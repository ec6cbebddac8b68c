"""Forms that are dismissed are forgotten: nothing that a member opens and leaves stays for ever."""

import gc
from pathlib import Path

import pytest

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.shared.discord import forms
from bot.shared.discord.forms import MEMBERS_MAX, Form
from tests.support.acceptance.bots import bot_beside
from tests.support.acceptance.training import photos


def alive() -> int:
    """Return how many forms are in memory."""
    gc.collect()
    # not isinstance(): it asks objects that do not fit for their __class__, and some of torch's answer with a warning
    return sum(issubclass(type(one), Form) for one in gc.get_objects())


async def open_form(who: HumanClient) -> str:
    """Open the form of /train; return the interaction that shows it."""
    shown = await who.slash("train", name="Blob", kind="mascot")
    await shown.modal()
    return shown.id


async def test_of_many_forms_of_one_member_only_the_newest_are_kept(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        before = alive()
        await open_form(cleo)
        for _ in range(4 * MEMBERS_MAX):
            await open_form(ben)
        assert len(bot.client.forms) == MEMBERS_MAX + 1
        assert alive() - before == MEMBERS_MAX + 1


async def test_form_that_nobody_sends_expires(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "FORM_LIFE_S", 0.001)
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        sent = await ben.submit(await open_form(ben), **{"3_to_10_photos": photos(3)})
        assert "open for too long" in ben.text((await sent.answer())["id"])


async def test_form_of_before_a_restart_is_answered(sandbox: Sandbox, tmp_path: Path) -> None:
    ben = sandbox.member("ben")
    async with bot_beside(sandbox, tmp_path):
        shown = await open_form(ben)
    async with bot_beside(sandbox, tmp_path):
        sent = await ben.submit(shown, **{"3_to_10_photos": photos(3)})
        assert "open for too long" in ben.text((await sent.answer())["id"])
