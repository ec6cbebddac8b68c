"""Forms, and those of them that are open.

Whether one was dismissed the platform does not say, so few are kept, and none for ever.
"""

from typing import Any, cast

import discord
from discord import ui

from bot.shared.discord.explain import explain
from bot.shared.discord.interactions import limits_of
from bot.shared.errors import Refused

FORM_LIFE_S = 3600.0  # as long as photos are kept before a training; choosing others takes a while
MEMBERS_MAX = 5  # of one member; the platform shows one at a time, on each of their devices
GONE = "That form was open for too long, or I was restarted. Please open it again; nothing was charged."


class OpenForms:
    """The forms that are still waited for; of one member, only the newest ones."""

    def __init__(self) -> None:
        self._forms: dict[str, tuple[int, ui.Modal]] = {}  # by custom_id, the oldest first

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._forms)

    def add(self, user_id: int, form: ui.Modal) -> None:
        """Keep one more, and forget those that were sent, are too old, or are too many of that member's."""
        self._forms = {key: kept for key, kept in self._forms.items() if not kept[1].is_finished()}
        theirs = [kept for owner_id, kept in self._forms.values() if owner_id == user_id]
        for oldest in theirs[: max(0, len(theirs) + 1 - MEMBERS_MAX)]:
            del self._forms[oldest.custom_id]
            oldest.stop()
        self._forms[form.custom_id] = (user_id, form)

    def check(self, interaction: discord.Interaction) -> None:
        """See whether a form that was sent is one that is waited for.

        Raises:
            Refused: it is not, so nobody else answers.
        """
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        sent = cast(dict[str, Any], interaction.data or {})
        kept = self._forms.get(sent.get("custom_id", ""))
        if kept is None or kept[1].is_finished():
            raise Refused(GONE)


class Form(ui.Modal):
    """A form whose sending is counted, and whose errors are explained."""

    def __init__(self) -> None:
        super().__init__(timeout=FORM_LIFE_S)

    async def open(self, interaction: discord.Interaction) -> None:
        """Show the form to the one who pressed or typed."""
        forms = cast(OpenForms, interaction.client.forms)  # type: ignore[attr-defined]
        forms.add(interaction.user.id, self)
        try:
            await interaction.response.send_modal(self)
        except discord.HTTPException:
            self.stop()
            raise

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        """Count it against its member's limit.

        Raises:
            CommandOnCooldown: there were too many.
        """
        limits_of(interaction).take(f"form {self.title}", interaction.user.id)
        return True

    async def on_error(self, interaction: discord.Interaction, error: Exception, /) -> None:  # type: ignore[override]
        """Explain an error."""
        await explain(interaction, error, card=self.refusal)

    def refusal(self, text: str) -> ui.LayoutView | None:
        """Return a message that refuses what was sent, by a sentence; None: the sentence alone is said."""
        return None
