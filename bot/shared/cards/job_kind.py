"""Kinds of job: what a feature says and does of its own. The rest of a job's life is the same for all."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import discord
from discord import ui

from bot.shared.cards.content import CardContent
from bot.shared.services import Services
from db.queue.job import Job


async def _nothing(services: Services, job: Job) -> None:
    """Leave a job's files as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind:
    """What differs from one kind of job to another."""

    not_done: str  # the headline of one that failed
    running: Callable[[Job], str]  # how far it is
    done: Callable[[Job, CardContent], str]  # what came of it
    rows: Callable[[Job, CardContent], list[ui.ActionRow[Any]]]  # what can be pressed below its card
    parameters: Callable[[Job], str]  # everything that was asked for, for the Info button
    read: Callable[[Services, Job, int], Awaitable[CardContent]]  # from the stores; no file larger than so many bytes
    head: Callable[[Job, CardContent], str] | None = None  # who asked for what; None: their words, quoted
    finish: Callable[[Services, Job], Awaitable[None]] = _nothing  # before its end is shown; repeated after a crash


JobKinds = Mapping[str, JobKind]  # by the value of `inference.requests.Kind`


def kinds_of(interaction: discord.Interaction) -> JobKinds:
    """Return the kinds of job that the client was built with."""
    return cast(JobKinds, interaction.client.kinds)  # type: ignore[attr-defined]
