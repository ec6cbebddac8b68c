"""The buttons for pictures that change one of them, and the form that offers the same for several."""

import re
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import discord
from discord import ui

from bot.features.vary.changes import CANVASES, PANS, ZOOMS, Change
from bot.features.vary.order import USE, VaryOrderRequest, variable, vary
from bot.features.vary.region import ChooseCellsButton, show_grid
from bot.features.vary.sources import check_model, drawn_from
from bot.shared.cards.asking import show
from bot.shared.cards.job_buttons import CARD, JobItem, PictureItem, is_for
from bot.shared.cards.job_kind import ButtonKeys
from bot.shared.cards.picture_offers import Group, PictureOffer
from bot.shared.discord.forms import Form
from bot.shared.discord.interactions import acknowledge, context_of, in_time, services_of
from bot.shared.discord.persistent_items import ID, Answer
from bot.shared.orders.source_pictures import check_may_use, numbers_shown
from db.queue.job import Job

AROUND = "|".join(map(re.escape, CANVASES))
EMOJI = {
    Change.ZOOM_1_5: "🔭", Change.ZOOM_2: "🔭", Change.LEFT: "⬅️", Change.RIGHT: "➡️", Change.UP: "⬆️",
    Change.DOWN: "⬇️", Change.SQUARE: "🟦",
}  # fmt: skip


class VaryItem(PictureItem):
    """What changes one picture of a card: a job of its own, for whoever presses; others are asked first."""

    answer = Answer.ALIKE
    for_all = True

    def change(self) -> Change:
        """Return what is changed."""
        raise NotImplementedError

    async def find(self, interaction: discord.Interaction) -> Job:
        """Return the job; nobody else sees a question about the price.

        Raises:
            PictureGone, NotYours, Refused: it cannot be done; here, so that nobody else sees that either.
        """
        job = await super().find(interaction)
        context = await context_of(interaction, private=True)
        await self._wanted(job).build(services_of(interaction), context)
        if not is_for(interaction, job):
            self.answer = Answer.PRIVATE
        return job

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        context = await context_of(interaction, private=self.privately(interaction, job))
        await show(interaction, await vary(services_of(interaction), job, self._wanted(job), context))

    def _wanted(self, job: Job) -> VaryOrderRequest:
        return VaryOrderRequest(source_job_id=job.id, number=self.number, change=self.change())


class VarySubtleButton(VaryItem, verb="subtle"):
    """The same with small differences."""

    label = Change.SUBTLE.label
    emoji = "🪄"

    def change(self) -> Change:
        """Return what is changed."""
        return Change.SUBTLE


class VaryStrongButton(VaryItem, verb="strong"):
    """The same with larger differences."""

    label = Change.STRONG.label
    emoji = "🪄"

    def change(self) -> Change:
        """Return what is changed."""
        return Change.STRONG


class VaryRegionButton(PictureItem, verb="region"):
    """A part of a picture drawn anew: which, is asked with the picture under a grid."""

    label = Change.REGION.label
    emoji = "🔲"
    answer = Answer.PRIVATE
    for_all = True

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        check_model(services_of(interaction), await drawn_from(services_of(interaction), job))
        await show_grid(interaction, job, self.number, private=self.privately(interaction, job))


class CanvasButton(VaryItem, verb="around", key_form=rf"{ID}:\d{{1,2}}:(?:{AROUND}){CARD}"):
    """One of the ways to draw around a picture."""

    @classmethod
    def of(cls, keys: ButtonKeys, number: int, change: Change) -> Self:
        """Return the button for a picture of a job, by its number from 1."""
        key = keys.picture(number, change)
        look: dict[str, Any] = {"label": change.button_label, "emoji": EMOJI.get(change)}
        return cls(key, ui.Button[Any](custom_id=cls.id_for(key), **look))

    def change(self) -> Change:
        """Return what is drawn around it."""
        return Change(self.key.split(":")[2])


class CanvasMenu(VaryItem, verb="canvas"):
    """The same as a menu, which stands below the pictures of before 0.3."""

    hint: ClassVar[str] = "Zoom out, pan, make square …"

    @classmethod
    def of(cls, key: str) -> Self:
        """Return the menu below a picture."""
        options = [discord.SelectOption(label=one.label, value=one) for one in CANVASES]
        return cls(key, ui.Select[Any](custom_id=cls.id_for(key), placeholder=cls.hint, options=options))

    def change(self) -> Change:
        """Return what was chosen."""
        return Change(self.item.values[0])


class ChangeButton(JobItem, verb="change"):
    """Of several pictures, which one, and what is changed: asked in a form."""

    label = "Change a picture"
    emoji = "🪄"
    answer = Answer.FORM
    for_all = True

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        async with in_time():
            context = await context_of(interaction, private=True)
        check_may_use(services_of(interaction), job, context, use=USE)
        form = ChangeForm(job, numbers_shown(job), private=self.privately(interaction, job))
        await form.open(interaction)


class ChangeForm(Form, title="Change a picture"):
    """Which picture of a card, and what is changed about it."""

    def __init__(self, job: Job, numbers: Sequence[int], *, private: bool) -> None:
        """Build it.

        Args:
            job: the job that made the pictures.
            numbers: which of them can be chosen, from 1.
            private: only the one who sends it will see the result.
        """
        super().__init__()
        self._job, self._private = job, private
        pictures = [discord.SelectOption(label=f"Picture {number}", value=str(number)) for number in numbers]
        changes = [Change.SUBTLE, Change.STRONG, Change.REGION, *CANVASES]
        self._picture = ui.Select[Any](options=pictures, placeholder="Which picture?")
        self._change = ui.Select[Any](
            options=[discord.SelectOption(label=one.label, value=one) for one in changes], placeholder="What to do?"
        )
        self.add_item(ui.Label(text="Picture", component=self._picture))
        self.add_item(ui.Label(text="Change", component=self._change))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Have it drawn; others are asked first."""
        job, number, change = self._job, int(self._picture.values[0]), Change(self._change.values[0])
        if change is Change.REGION:
            await acknowledge(interaction, private=True)
            await show_grid(interaction, job, number, private=self._private)
            return
        await acknowledge(interaction, private=self._private or not is_for(interaction, job))
        context = await context_of(interaction, private=self._private)
        wanted = VaryOrderRequest(source_job_id=job.id, number=number, change=change)
        await show(interaction, await vary(services_of(interaction), job, wanted, context))


VARY_ITEMS = (
    VarySubtleButton, VaryStrongButton, VaryRegionButton, ChooseCellsButton, CanvasButton, CanvasMenu, ChangeButton,
)  # fmt: skip


def vary_buttons(job: Job, keys: ButtonKeys, numbers: Sequence[int], *, of: int) -> list[Group]:
    """Return the buttons that change pictures: 'V1' and so on; for a single one, what can be done with it.

    Args:
        job: the job that made them.
        keys: what they carry.
        numbers: which of its pictures, from 1.
        of: how many pictures are shown.
    """
    if not numbers:
        return []
    if of == 1:
        return _of_one(job, keys, numbers[0])
    buttons: Group = []
    for number in numbers:
        key = keys.picture(number)
        look: dict[str, Any] = {"label": f"V{number}", "emoji": VaryStrongButton.emoji}
        buttons.append(VaryStrongButton(key, ui.Button(custom_id=VaryStrongButton.id_for(key), **look)))
    return [buttons, [ChangeButton(keys.job)]]


def _of_one(job: Job, keys: ButtonKeys, number: int) -> list[Group]:
    key, square = keys.picture(number), job.request["width_px"] == job.request["height_px"]
    changes = tuple(ZOOMS), PANS, () if square else (Change.SQUARE,)
    around: list[Group] = [[CanvasButton.of(keys, number, change) for change in one] for one in changes if one]
    return [[VarySubtleButton(key), VaryStrongButton(key), VaryRegionButton(key)], *around]


VARIES = PictureOffer(name="vary", numbers=variable, buttons=vary_buttons)
