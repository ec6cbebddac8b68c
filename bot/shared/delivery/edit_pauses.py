"""How long a card rests between two edits: a token has a rate limit of its own, the cards of a channel share one."""

from bot.shared.delivery.methods import DeliveryMethod

EDIT_EVERY_S = 3.0  # between two edits of one card
SHARING_MAX = 5  # cards of one channel that make each other slower: five rest 15 s each, and so do more


class EditPauses:
    """Know which live cards are edited as the bot's own messages, and so share their channel's rate limit."""

    def __init__(self, every_s: float = EDIT_EVERY_S) -> None:
        self.every_s = every_s
        self._channels: dict[str, int] = {}  # by the job of each of those cards

    def after(self, job_id: str, channel_id: int, method: DeliveryMethod) -> float:
        """Return the seconds until a card may be edited again that was just edited."""
        if method is DeliveryMethod.TOKEN:
            self.forget(job_id)
            return self.every_s
        self._channels[job_id] = channel_id
        return self.every_s * min(SHARING_MAX, list(self._channels.values()).count(channel_id))

    def forget(self, job_id: str) -> None:
        """Note that a card is edited no more."""
        self._channels.pop(job_id, None)
