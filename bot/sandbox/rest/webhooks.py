"""REST: callbacks of interactions, and the messages sent with their tokens."""

from typing import Any

from aiohttp import web

from bot.sandbox.answers import DEFER, Answers
from bot.sandbox.errors import ApiError
from bot.sandbox.messages import Flag, Message
from bot.sandbox.payloads import Payloads
from bot.sandbox.rest.api import Rest
from bot.sandbox.rest.body import read_body
from bot.sandbox.world import World

Json = dict[str, Any]


class Webhooks:
    """Routes under `/interactions` and `/webhooks`."""

    def __init__(self, world: World, payloads: Payloads, answers: Answers) -> None:
        self._world = world
        self._payloads = payloads
        self._answers = answers

    def routes(self, rest: Rest) -> list[web.RouteDef]:
        """Return the routes to add to the server."""
        hook = "/webhooks/{application_id}/{token}"
        message = hook + "/messages/{message_id}"
        return [
            rest.route("POST", "/interactions/{interaction_id}/{token}/callback", self.callback),
            rest.route("POST", hook, self.follow_up),
            rest.route("GET", message, self.get),
            rest.route("PATCH", message, self.edit),
            rest.route("DELETE", message, self.delete),
        ]

    async def callback(self, request: web.Request) -> Json | None:
        """Answer an interaction."""
        body, uploads = await read_body(request)
        path = request.match_info
        interaction, message = self._answers.callback(path["interaction_id"], path["token"], body, uploads)
        if request.query.get("with_response") not in ("1", "true"):
            return None
        about: Json = {"id": interaction.id, "type": interaction.type}
        if message is None:
            return {"interaction": about}
        about |= {
            "response_message_id": message.id,
            "response_message_loading": body.get("type") == DEFER,
            "response_message_ephemeral": bool(message.flags & Flag.EPHEMERAL),
        }
        return {"interaction": about, "resource": {"type": body["type"], "message": self._show(message)}}

    async def follow_up(self, request: web.Request) -> Json | None:
        """Post a further message."""
        self._check_application(request)
        body, uploads = await read_body(request)
        message = self._answers.follow_up(request.match_info["token"], body, uploads)
        return self._show(message) if request.query.get("wait") in ("1", "true") else None

    async def get(self, request: web.Request) -> Json:
        """Return the original answer or a follow-up."""
        self._check_application(request)
        return self._show(self._answers.get(request.match_info["token"], request.match_info["message_id"]))

    async def edit(self, request: web.Request) -> Json:
        """Change the original answer or a follow-up."""
        self._check_application(request)
        body, uploads = await read_body(request)
        return self._show(
            self._answers.edit(request.match_info["token"], request.match_info["message_id"], body, uploads)
        )

    async def delete(self, request: web.Request) -> None:
        """Remove the original answer or a follow-up."""
        self._check_application(request)
        self._answers.delete(request.match_info["token"], request.match_info["message_id"])

    def _show(self, message: Message) -> Json:
        return self._payloads.message(message, self._world.bot_id)

    def _check_application(self, request: web.Request) -> None:
        if request.match_info["application_id"] != self._world.application_id:
            raise ApiError("unknown_webhook")
