"""What a member is told when a request is refused. Nothing is charged for any of these.

A refusal has a class of its own where several places raise it or somebody tells it apart, and its own words elsewhere.
"""

from common.errors import AtelierError
from inference.catalogue import AnyModel


class Refused(AtelierError):
    """A request that is refused, with the reason for the member."""

    message = "I can't do that."


class BadParameter(Refused):
    """Something in the prompt's parameters or the options cannot be used."""

    message = "One of the options can't be used. Please check them."


class LicenceNeeded(Refused):
    """The member has to accept the model's licence first."""

    message = "You need to accept this model's licence first."

    def __init__(self, model: AnyModel) -> None:
        super().__init__(f"To use {model.title}, please accept its licence: {model.licence}.")


class NotYours(Refused):
    """The job, or the question, belongs to somebody else."""

    message = "Only the person who asked for this, or an operator, can do that."


class JobGone(Refused):
    """The job or its result is no longer kept."""

    message = "I no longer have that job; it may have been deleted. Please start it again."


class SubjectGone(Refused):
    """The subject was deleted, or is no longer shared with the member."""

    message = "That subject no longer exists, or is no longer shared with you. `/subjects` lists those you can use."


class NotASubject(BadParameter):
    """The member can use no subject of that name here."""

    message = "You have no subject with that name here. `/subjects` lists those you can use."


class NotAcknowledged(Refused):
    """The platform no longer takes an answer to this interaction."""

    message = "Discord did not get my answer in time. Please try again."
