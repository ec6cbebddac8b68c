"""Forms that are open. Whether one was dismissed the platform does not say, so few are kept, and none for ever."""

from typing import Any, cast

import discord
from discord import ui

from bot.shared.errors import Refused

MEMBERS_MAX = 5  # of one member; the platform shows one at a time, on each of their devices


class FormGone(Refused):
    """A form was sent that is not waited for: it was open for too long, or the bot was restarted."""

    message = "That form was open for too long, or I was restarted. Please open it again; nothing was charged."


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
            FormGone: it is not, so nobody else answers.
        """
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        sent = cast(dict[str, Any], interaction.data or {})
        kept = self._forms.get(sent.get("custom_id", ""))
        if kept is None or kept[1].is_finished():
            raise FormGone
