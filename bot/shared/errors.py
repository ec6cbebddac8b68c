"""What a member is told when a request is refused. Nothing is charged for any of these.

Refused
├── BadParameter      something in the prompt's parameters or the options cannot be used
├── NotOpen           the member's tier does not allow it
├── Paused, Banned, ChannelClosed, WordBlocked, AgeRestricted, LicenceNeeded    what operators decided (see `policy`)
├── NotYours          the job belongs to somebody else
├── JobGone           the job or its pictures are no longer kept
└── NotAcknowledged   the platform no longer takes an answer to this interaction
"""

from common.errors import AtelierError
from inference.catalogue import ImageModel, SpeechModel


class Refused(AtelierError):
    """A request that is refused, with the reason for the member."""

    message = "I can't do that."


class BadParameter(Refused):
    """Something in the prompt's parameters or the options cannot be used."""

    message = "One of the options can't be used. Please check them."


class NotOpen(Refused):
    """The member's tier does not allow it."""

    message = "Your role can't do that here. An operator decides which roles can."


class Paused(Refused):
    """An operator paused the server."""

    message = (
        "I'm paused for a little while. Jobs in the queue are kept and nothing is charged; please try again later."
    )


class Banned(Refused):
    """An operator banned the member."""

    message = "An operator has banned you from using me here. Please ask them if you think that is a mistake."


class ChannelClosed(Refused):
    """Operators allow other channels, or forbid this one."""

    message = "I can't be used in this channel. Please try another one, or ask an operator where I can be used."


class WordBlocked(Refused):
    """The request has a word in it that an operator blocked."""

    message = "That has a word in it that is blocked here. Nothing was charged; try again without it."


class AgeRestricted(Refused):
    """The model is for age-restricted channels, and this is none."""

    message = "This model works only in age-restricted channels. Use it there, or choose another `model`."


class LicenceNeeded(Refused):
    """The member has to accept the model's licence first."""

    message = "You need to accept this model's licence first."

    def __init__(self, model: ImageModel | SpeechModel) -> None:
        super().__init__(f"To use {model.title}, please accept its licence: {model.licence}.")


class NotYours(Refused):
    """The job, or the question, belongs to somebody else."""

    message = "Only the person who asked for this, or an operator, can do that."


class JobGone(Refused):
    """The job or its result is no longer kept."""

    message = "I no longer have that job; it may have been deleted. Please start it again."


class NotAcknowledged(Refused):
    """The platform no longer takes an answer to this interaction."""

    message = "Discord did not get my answer in time. Please try again."
