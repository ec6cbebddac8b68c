"""Everything that a person can do, and the one way in for the page, for other programs and for tests."""

from collections.abc import Awaitable, Callable
from typing import Any

from bot.sandbox.container import Container
from bot.sandbox.errors import ApiError, HumanError
from bot.sandbox.human import commands, components, messages, modals
from bot.sandbox.human.request import HumanRequest
from bot.sandbox.state.world import User

Json = dict[str, Any]
Action = Callable[[Container, User, HumanRequest], Awaitable[Json]]

ACTIONS: dict[str, Action] = {  # by the last part of the path, `POST /human/{action}`
    "slash": commands.slash,
    "autocomplete": commands.autocomplete,
    "context": commands.context_menu,
    "press": components.press,
    "select": components.select,
    "submit": modals.submit,
    "cancel": modals.cancel,
    "say": messages.say,
    "attach": messages.attach,
    "voice": messages.voice,
    "edit": messages.edit,
    "react": messages.react,
    "delete": messages.delete,
    "dismiss": messages.dismiss,
    "open_dm": messages.open_dm,
    "typing": messages.typing,
}


async def perform(container: Container, action: str, request: HumanRequest) -> Json:
    """Do something as a person, and return what `docs/sandbox.md` says.

    Raises:
        HumanError: if the person could not have done this.
    """
    if action not in ACTIONS:
        raise HumanError("unknown_verb", f"There is no action {action}.", 404)
    me = request.user(container)
    if me.bot:
        raise HumanError("unknown_member", "The bot is not a person.", 404)
    try:
        return await ACTIONS[action](container, me, request)
    except ApiError as error:
        raise HumanError("invalid", error.message, error.status) from error
