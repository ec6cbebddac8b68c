"""What a member can be told about a wish that cannot be granted. Nothing is charged for any of these.

Refused
├── BadParameter      something in the prompt's parameters or the options cannot be used
├── NotOpen           the member's tier does not allow it
├── Paused, Banned, ChannelClosed, WordBlocked, AgeRestricted, LicenceNeeded    what operators decided (see `policy`)
├── NotYours          the job belongs to somebody else
├── JobGone           the job or its pictures are no longer kept
└── NotAcknowledged   the platform no longer takes an answer to this interaction

An error's docstring is its default message.
"""

from inference.catalogue import ImageModel, SpeechModel


class Refused(Exception):
    """That cannot be done."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class BadParameter(Refused):
    """One of the parameters cannot be used."""


class NotOpen(Refused):
    """That is not open to you here."""


class Paused(Refused):
    """The studio is closed for a little while; what waits is kept, and nothing is charged."""


class Banned(Refused):
    """An operator decided that you may not use me here."""


class ChannelClosed(Refused):
    """I am not used in this channel; an operator decides where."""


class WordBlocked(Refused):
    """One of those words is not used here."""


class AgeRestricted(Refused):
    """That is for age-restricted channels only."""


class LicenceNeeded(Refused):
    """The model's licence has to be accepted first."""

    def __init__(self, model: ImageModel | SpeechModel) -> None:
        super().__init__(f"{model.title} is used under a licence that wants your consent: {model.licence}.")
        self.model = model
        self.offer_id: str | None = None  # under which what was asked for is kept meanwhile


class NotYours(Refused):
    """Only the person who asked for this, or an operator, can do that."""


class JobGone(Refused):
    """That job is no longer kept."""


class NotAcknowledged(Refused):
    """The answer came too late for Discord; please try again."""
