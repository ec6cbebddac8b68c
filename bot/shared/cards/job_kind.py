"""Kinds of job: what a feature says, shows and does of its own. The rest of a job's life is the same for all."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, cast

import discord
from discord import ui

from bot.shared.discord.interactions import is_age_restricted
from bot.shared.files.pictures import Picture
from bot.shared.policy import is_for_adults
from bot.shared.services import Services
from db.queue.fair_order.position import QueuePosition, queue_position
from db.queue.finding import find_job
from db.queue.job import Job, State
from inference.catalogue import Catalogue
from inference.checks import FlaggedAction, PlaceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class CardContent:
    """What a card shows besides the job itself."""

    place: QueuePosition | None = None
    wait_s: float | None = None
    left_s: float | None = None  # until a running job will probably have ended
    interrupted: bool = False  # it ran when the bot was stopped, and nothing was heard of it since
    last_edit: bool = False  # the platform lets nobody edit this card much longer
    preview: Picture | None = None
    pictures: tuple[Picture, ...] = ()
    offered: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # pictures by what can be done with them
    source_url: str = ""  # the message that shows what it was made from; empty: others do not see it, or there is none
    steps: tuple[int, ...] = ()  # of a training: those that its filmstrip shows
    chosen: int | None = None  # the one of them that its subject is, or will be, used from
    timed: bool = False  # of a transcript: when what was said is shown
    words: str = ""  # of a transcript: what was heard so far
    documents: tuple[Picture, ...] = ()  # files that are not looked at but opened
    compared: str = ""  # of pictures drawn again exactly: whether they are the first ones, pixel by pixel
    mention: bool = False  # a message of its own tells its requester that it has come
    hidden: bool = False  # there are pictures, but not for this place
    flagged: int = 0  # of the pictures: a checker flagged them, and they are not for this place

    @property
    def gallery(self) -> tuple[Picture, ...]:
        """The files that are looked at."""
        return self.pictures or ((self.preview,) if self.preview else ())

    @property
    def files(self) -> tuple[Picture, ...]:
        """The files that have to be sent along."""
        return self.gallery + self.documents


@dataclass(frozen=True, slots=True)
class ButtonKeys:
    """What the buttons of a job carry: its id, and in a menu the message with the card that the menu is about."""

    job_id: str
    card_id: int | None = None  # None: they are on a card themselves

    @property
    def job(self) -> str:
        """The key of buttons of the whole job."""
        return self._with()

    def picture(self, number: int, more: str = "") -> str:
        """Return the key of buttons of one of its pictures, by its number from 1, which may say more."""
        return self._with(str(number), more)

    def _with(self, *parts: str) -> str:
        return ":".join(filter(None, (self.job_id, *parts, str(self.card_id or ""))))


class JobMenu(Protocol):
    """What can be pressed in the menu below a job's card: groups of buttons, of which each stays together."""

    def __call__(self, job: Job, content: CardContent, keys: ButtonKeys, *, theirs: bool) -> list[list[ui.Item[Any]]]:
        """Return them; `theirs`: for who may delete it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind:
    """What differs from one kind of job to another."""

    not_done: str  # the headline of one that failed
    running: Callable[[Job], str]  # how far it is
    done: Callable[[Job, CardContent], str]  # what came of it
    rows: Callable[[Job, CardContent], list[ui.ActionRow[Any]]]  # what can be pressed below its card
    parameters: Callable[[Job, Catalogue, bool], str]  # everything that was asked for; as its owner, or others, read it
    read: Callable[[Services, Job, int], Awaitable[CardContent]]  # from the stores; no file larger than so many bytes
    menu: JobMenu | None = None  # what else can be pressed, by 'More'; None: there is no more
    others: Callable[[Job], list[ui.Item[Any]]] | None = None  # what others can press below what they read of it
    once_more: Callable[[Services, Job], list[ui.Item[Any]]] | None = None  # how its owner has a finished one repeated
    head: Callable[[Job, CardContent], str] | None = None  # who asked for what; None: their words, quoted
    finish: Callable[[Services, Job], Awaitable[None]] | None = None  # before its end is shown; repeated after a crash

    async def content(self, services: Services, job: Job, limit_bytes: int) -> CardContent:
        """Return what a job's card shows now besides the job itself, no file of it larger than `limit_bytes`."""
        content = await self.read(services, job, limit_bytes)
        if job.state is State.DONE and job.source_job_id:
            made_from = (job.request.get("origin") or {}).get("job_id", job.source_job_id)
            content = replace(content, source_url=await _url_of(services, made_from))
        if job.state is State.RUNNING:
            return replace(content, left_s=services.forecast.left_s(job))
        if job.state is not State.QUEUED:
            return content
        place = await services.db.read(queue_position, job.id)
        return replace(content, place=place, wait_s=services.forecast.duration_s(job.kind, place.ahead_credits))


async def _url_of(services: Services, job_id: str) -> str:
    """Return the address of the message that shows a job to everybody in its channel; empty: there is none."""
    job = await services.db.read(find_job, job_id)
    if job is None or job.private or job.deleted or job.message_id is None:
        return ""
    return f"https://discord.com/channels/{job.guild_id or '@me'}/{job.channel_id}/{job.message_id}"


JobKinds = Mapping[str, JobKind]  # by the value of `inference.requests.Kind`


def kinds_of(interaction: discord.Interaction) -> JobKinds:
    """Return the kinds of job that the client was built with."""
    return cast(JobKinds, interaction.client.kinds)  # type: ignore[attr-defined]


def fit_for_place(
    services: Services, client: discord.Client, job: Job, content: CardContent, place: PlaceKind
) -> CardContent:
    """Return what may be shown of a job in a place, by its age restriction and by what a checker found.

    Previews come before the check and are too coarse for one, so where flagged pictures are not shown as others are,
    there are none.

    Args:
        services: the stores, the catalogue and the rules.
        client: knows the channels.
        job: whose card it is.
        content: what the card would show.
        place: where it is shown.
    """
    if place is not PlaceKind.AGE_RESTRICTED:
        content = _fit_for_all(services, client, job, content)
    rules = services.check_rules
    if services.catalogue.checkers and rules.of_flagged(place) is not FlaggedAction.NOTHING:
        content = replace(content, preview=None)
    actions = [(picture, rules.action(picture.check, place)) for picture in content.pictures]
    shown = tuple(
        replace(picture, spoiler=action is FlaggedAction.SPOILER)
        for picture, action in actions
        if action is not FlaggedAction.WITHHOLD
    )
    return replace(content, pictures=shown, flagged=len(actions) - len(shown))


def _fit_for_all(services: Services, client: discord.Client, job: Job, content: CardContent) -> CardContent:
    """Return what may be shown of a job where everybody may look: no pictures from an age-restricted channel.

    Args:
        services: the stores, the catalogue and the rules.
        client: knows the channels; a job of before its channel was noted counts as its channel does now.
        job: whose card it is.
        content: what the card would show.
    """
    if not content.gallery:
        return content
    restricted = is_for_adults(services, job) or is_age_restricted(client.get_channel(job.channel_id))
    return replace(content, preview=None, pictures=(), hidden=True) if restricted else content
