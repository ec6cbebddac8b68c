"""The ways to bring a job's result to its people, and which of them make sense for a job. Pure.

A private result takes only `token` and `dm`.
"""

import datetime as dt
from enum import StrEnum

from db.queue.job import Job, State
from inference.requests import Kind


class DeliveryMethod(StrEnum):
    """The ways to bring a result, in the order in which they are tried."""

    TOKEN = "token"  # noqa: S105 (no secret): edit the answer to the command, while its token lives (15 minutes)
    MESSAGE = "message"  # edit the same message as the bot's own
    CHANNEL = "channel"  # post in the channel, telling its requester; an earlier post is found, or refused by its nonce
    DM = "dm"  # write to the requester
    KEPT = "kept"  # nothing worked: the result stays in /history


def delivery_methods(job: Job, now: dt.datetime) -> list[DeliveryMethod]:
    """Return the methods that make sense for a job, best first."""
    methods = [DeliveryMethod.TOKEN] if job.interaction_token and now < job.token_expires_at else []
    if job.message_id is not None and not job.private:
        methods.append(DeliveryMethod.MESSAGE)
    if not job.final and by_message(job) and job.message_id is None:
        return [DeliveryMethod.CHANNEL]  # there was no command to answer: the card is a reply to the message
    if not job.final or job.state is State.CANCELLED:
        return methods  # neither progress nor 'cancelled' is worth a message of its own
    if not job.private:
        methods.append(DeliveryMethod.CHANNEL)
    return methods if overheard(job) else [*methods, DeliveryMethod.DM]


def loses_card(job: Job, at: dt.datetime) -> bool:
    """Tell whether a live job's card cannot be edited any more at some time: it is private, its token old."""
    return job.private and not job.final and not delivery_methods(job, at)


def by_message(job: Job) -> bool:
    """Tell whether a message asked for the job: a clip, or words about a picture that call the bot."""
    return not job.interaction_token


def overheard(job: Job) -> bool:
    """Tell whether nobody asked for the job: an operator decided that clips in that channel become text."""
    return by_message(job) and job.guild_id is not None and job.kind == Kind.TRANSCRIBE
