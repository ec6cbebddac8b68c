"""REST routes of interactions: their callback, and the messages sent with their tokens."""

from typing import Any

from aiohttp import web

from bot.sandbox.errors import ApiError
from bot.sandbox.interactions.responses import InteractionResponses
from bot.sandbox.rest.api import RestApi
from bot.sandbox.rest.body import read_body
from bot.sandbox.state.enums import CallbackType
from bot.sandbox.state.messages import Message, MessageFlag
from bot.sandbox.state.payloads import Payloads
from bot.sandbox.state.world import World

Json = dict[str, Any]


class WebhookRoutes:
    """Routes under `/interactions` and `/webhooks`."""

    def __init__(self, world: World, payloads: Payloads, responses: InteractionResponses) -> None:
        self._world = world
        self._payloads = payloads
        self._responses = responses

    def routes(self, rest: RestApi) -> list[web.RouteDef]:
        """Return the routes to add to the server."""
        webhook = "/webhooks/{application_id}/{token}"
        message = webhook + "/messages/{message_id}"
        return [
            rest.route("POST", "/interactions/{interaction_id}/{token}/callback", self.callback),
            rest.route("POST", webhook, self.create_followup),
            rest.route("GET", message, self.get),
            rest.route("PATCH", message, self.edit),
            rest.route("DELETE", message, self.delete),
        ]

    async def callback(self, request: web.Request) -> Json | None:
        """Respond to an interaction."""
        body, uploads = await read_body(request)
        path = request.match_info
        interaction, message = self._responses.respond(path["interaction_id"], path["token"], body, uploads)
        if request.query.get("with_response") not in ("1", "true"):
            return None
        about: Json = {"id": interaction.id, "type": interaction.type}
        if message is None:
            return {"interaction": about}
        about |= {
            "response_message_id": message.id,
            "response_message_loading": body.get("type") == CallbackType.DEFERRED_CHANNEL_MESSAGE_WITH_SOURCE,
            "response_message_ephemeral": bool(message.flags & MessageFlag.EPHEMERAL),
        }
        return {"interaction": about, "resource": {"type": body["type"], "message": self._payload(message)}}

    async def create_followup(self, request: web.Request) -> Json | None:
        """Create a followup message."""
        self._check_application(request)
        body, uploads = await read_body(request)
        message = self._responses.create_followup(request.match_info["token"], body, uploads)
        return self._payload(message) if request.query.get("wait") in ("1", "true") else None

    async def get(self, request: web.Request) -> Json:
        """Return the original response or a followup message."""
        self._check_application(request)
        return self._payload(self._responses.get(request.match_info["token"], request.match_info["message_id"]))

    async def edit(self, request: web.Request) -> Json:
        """Edit the original response or a followup message."""
        self._check_application(request)
        body, uploads = await read_body(request)
        return self._payload(
            self._responses.edit(request.match_info["token"], request.match_info["message_id"], body, uploads)
        )

    async def delete(self, request: web.Request) -> None:
        """Delete the original response or a followup message."""
        self._check_application(request)
        self._responses.delete(request.match_info["token"], request.match_info["message_id"])

    def _payload(self, message: Message) -> Json:
        return self._payloads.message(message, self._world.bot_id)

    def _check_application(self, request: web.Request) -> None:
        if request.match_info["application_id"] != self._world.application_id:
            raise ApiError("unknown_webhook")
