"""Forms that ask for pictures, with a prompt that is there already; and refusals, which keep what was typed for one.

A refusal shows what was typed, and its button reads it there: nothing else is kept, and a restart loses nothing.
"""

import re
import secrets
from typing import Any, cast

import discord
from discord import ui

from bot.features.imagine.base import base_of
from bot.features.imagine.options import ImagineOptions
from bot.features.imagine.order import ImagineOrderRequest, imagine
from bot.features.imagine.parameters import BY_OPTION
from bot.features.imagine.politeness import without_politeness
from bot.features.imagine.prompt import PROMPT_MAX
from bot.features.imagine.typed import as_typed, options_as_typed
from bot.shared.cards.asking import show
from bot.shared.cards.layout import layout
from bot.shared.discord.forms import Form
from bot.shared.discord.interactions import acknowledged_context, services_of
from bot.shared.discord.messages import last_block
from bot.shared.discord.persistent_items import Answer, PersistentItem
from bot.shared.errors import JobGone
from bot.shared.orders.order_request import OrderRequest
from bot.shared.text.formatting import block, first_part
from db.queue.finding import find_job
from db.queue.job import Pace
from db.queue.pending import PendingOrder

# Who was to see the result, its pace, and the job that was to be drawn again.
REFUSED_KEY = "(?:public|private)-(?:any|fast|relaxed)(?:-[0-9a-z]{26})?"
SEND_AGAIN = "-# Pictures that you sent along aren't kept; please use the command with them again."
TYPED_MAX = 2 * PROMPT_MAX + 500  # a prompt, what not to see, and other parameters


class PromptForm(Form, title="Edit prompt"):
    """What was typed, with its parameters, to be edited and asked for as in /imagine."""

    longest = TYPED_MAX

    def __init__(self, text: str, *, private: bool, pace: Pace | None = None, of: str = "") -> None:
        """Build it.

        Args:
            text: the prompt to begin with.
            private: only the one who sends it will see the result.
            pace: which it is asked for with; None: as they prefer.
            of: the id of the job that is drawn again, from the picture that it was drawn from; empty: of none.
        """
        super().__init__()
        self._private, self._pace, self._of = private, pace, of
        self._key = _key(private=private, pace=pace, of=of)
        self.custom_id = f"prompt:{self._key}:{secrets.token_hex(8)}"  # says the same where it is no longer known
        default = first_part(text, self.longest)
        self._prompt = ui.TextInput[Any](
            style=discord.TextStyle.paragraph, max_length=self.longest, default=default or None
        )
        hint = "As in /imagine; add --ar 3:2, --seed 7 and more at the end"
        if of:
            hint = "It begins from the same as before; add --seed 7 and more at the end"
        self.add_item(ui.Label(text="Prompt", description=hint, component=self._prompt))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Ask for pictures, as /imagine does."""
        context = await acknowledged_context(interaction, private=self._private)
        services, base = services_of(interaction), None
        if self._of:
            if (job := await services.db.read(find_job, self._of)) is None:
                raise JobGone
            base = await base_of(services, job, context, keeps_seed=self.keeps_seed)
        options = ImagineOptions(prompt=self.typed, pace=self._pace)
        await show(interaction, await imagine(services, options, context, base=base))

    @property
    def typed(self) -> str:
        """What was typed, parameters last."""
        return str(self._prompt.value)

    @property
    def keeps_seed(self) -> bool:
        """Whether what is drawn again keeps its seed where none is typed."""
        return False

    def refusal(self, text: str) -> ui.LayoutView:
        """Return a refusal that keeps what was sent."""
        return refusal_card(text, self.typed, self._key)


class EditRefusedButton(PersistentItem[str], topic="typed", verb="edit", key_form=REFUSED_KEY):
    """What was typed and refused, in a form."""

    label = "Edit prompt"
    emoji = "✏️"
    style = discord.ButtonStyle.primary
    answer = Answer.FORM

    async def find(self, interaction: discord.Interaction) -> str:
        """Return what was typed, as the refusal shows it.

        Raises:
            Refused: it does not.
        """
        return last_block(interaction.message)

    async def _act(self, interaction: discord.Interaction, typed: str) -> None:
        whose, pace, *job_ids = self.key.split("-")
        chosen = None if pace == "any" else Pace(pace)
        form = PromptForm(typed, private=whose == "private", pace=chosen, of="".join(job_ids))
        await form.open(interaction)


def _key(*, private: bool, pace: str | None, of: str = "") -> str:
    """Return who is to see the result, its pace and which job is drawn again, in the form of `REFUSED_KEY`."""
    return "-".join(filter(None, ("private" if private else "public", pace or "any", of)))


def refusal_card(text: str, typed: str, key: str) -> ui.LayoutView:
    """Say why something cannot be drawn, with what was typed and a button that edits it.

    Args:
        text: the sentence that refuses it.
        typed: the prompt, with trailing parameters.
        key: who was to see the result, its pace, and which job is drawn again; empty: a picture was sent along,
            which is not kept, so that there is no button that would draw without it.
    """
    if not key:
        return layout(ui.TextDisplay(f"{text}\n{SEND_AGAIN}"), ui.TextDisplay(block(typed, TYPED_MAX)))
    button = EditRefusedButton(key)
    return layout(ui.TextDisplay(text), ui.TextDisplay(block(typed, TYPED_MAX)), ui.ActionRow[Any](button))


def refusal_of_form(interaction: discord.Interaction, text: str) -> ui.LayoutView | None:
    """Say why a form that is no longer known is not taken, with what was typed in it; None: it asked for no prompt."""
    sent = cast(dict[str, Any], interaction.data or {})
    known = re.fullmatch(rf"prompt:({REFUSED_KEY}):[0-9a-f]+", sent.get("custom_id", ""))
    if known is None:
        return None
    fields = (one["component"] for one in sent.get("components", ()) if "component" in one)
    return refusal_card(text, " ".join(filter(None, (field.get("value") for field in fields))), known[1])


def refusal_of_command(interaction: discord.Interaction, text: str) -> ui.LayoutView:
    """Say why /imagine cannot be granted, with what was typed and a button that edits it."""
    typed = interaction.namespace
    given: dict[str, Any] = {name: getattr(typed, name, None) for name in BY_OPTION}
    options = ImagineOptions(prompt=str(typed.prompt or ""), **given)
    pace = typed.pace if typed.pace in set(Pace) else None
    key = "" if typed.image else _key(private=bool(typed.private), pace=pace)
    return refusal_card(text, options_as_typed(options), key)


def declined_prompt(text: str, order_request: OrderRequest, order: PendingOrder) -> ui.LayoutView | None:
    """Keep what was typed, where a question about it was declined; None: it was a button of a card, which has it."""
    if not isinstance(order_request, ImagineOrderRequest):
        return None
    of = "" if order_request.of_finished else order_request.source_job_id or ""
    if of and not order_request.typed:
        return None
    key = "" if order_request.image.brought and not of else _key(private=order.private, pace=order.pace, of=of)
    return refusal_card(text, order_request.typed or as_typed(order_request.image, theirs=True), key)


class ImagineForm(PromptForm, title="Imagine this"):
    """A transcript as a prompt that can be edited."""

    longest = PROMPT_MAX

    def __init__(self, text: str, *, private: bool) -> None:
        # Dashes would be read as the beginning of a parameter, which nobody says.
        super().__init__(without_politeness(re.sub(r"--+|[—–]", "-", text)), private=private)
