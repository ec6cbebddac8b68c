"""How a training's card differs from a picture's: a filmstrip, 'stop early', and 'use this one' for each step of it."""

from collections.abc import Sequence
from typing import Any, Self

import discord
from discord import ui

from bot.features.train.film import choose_step, film_steps, finish_training, read_film
from bot.shared.cards.job_buttons import CancelButton, InfoButton, JobItem, show_job
from bot.shared.cards.job_kind import CardContent, JobKind
from bot.shared.discord.interactions import services_of
from bot.shared.services import Services
from bot.shared.text.formatting import bar, credits, exactly, harmless, inline, paid
from db.people.subjects import subject_of_job
from db.queue.job import Job, State
from inference.pricing import owed
from inference.requests import Kind, TrainRequest, from_json

OPTIONS_MAX = 25  # of a select


class StopButton(CancelButton, verb="stop"):
    """End a training early and keep what it has made so far."""

    label = "Stop early"

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        job = await services_of(interaction).jobs.cancel(job.id, by_user=interaction.user.id)
        await show_job(interaction, job)  # what was pressed may be another card than the one that is followed


class StepSelect(JobItem, verb="step"):
    """Choose which step of the filmstrip the subject is used from; a training that still runs ends early for it."""

    @classmethod
    def of(cls, job_id: str, steps: Sequence[int], chosen: int | None = None, *, running: bool = False) -> Self:
        """Return the menu of these steps.

        Args:
            job_id: of the training.
            steps: those of its filmstrip.
            chosen: the one that the subject is used from.
            running: whether the training still runs.
        """
        return cls(job_id, step_menu(cls.id_for(job_id), steps, chosen, running=running))

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        step = int(self.item.values[0])
        job = await choose_step(services_of(interaction), job, step, by_user=interaction.user.id)
        await show_job(interaction, job)


def step_menu(custom_id: str, steps: Sequence[int], chosen: int | None, *, running: bool = False) -> ui.Select[Any]:
    """Return a menu of the steps of a filmstrip, the one that the subject is used from chosen in it."""
    label = "Stop and use step {}" if running else "Use step {}"
    options = [
        discord.SelectOption(label=label.format(step), value=str(step), default=step == chosen)
        for step in steps[-OPTIONS_MAX:]
    ]
    placeholder = "Stop and use a step …" if running else "Use another step …"
    return ui.Select(custom_id=custom_id, placeholder=placeholder, options=options)


def running_text(job: Job) -> str:
    """Say how far a training is."""
    if not job.progress_total:
        return f"{bar(0, 1)} getting the photos ready …\n-# {inline(job.model)}"
    done, total = job.progress_done, job.progress_total
    spent = paid(job, job.price)
    if job.price:
        spent = f"stopping now costs {owed(Kind.TRAIN, job.price, done=done, total=total)} of {credits(job.price)}"
    return f"{bar(done, total)} step {done} of {total}\n-# {spent} · {inline(job.model)}"


def done_text(job: Job, content: CardContent) -> str:
    """Say that a subject was trained, from which step it is used, and how."""
    request = from_json(job.request)
    assert isinstance(request, TrainRequest)
    ran = job.outcome.get("steps", request.steps)
    facts = [f"{ran} steps", inline(job.model)]
    if job.started_at and job.ended_at:
        facts.append(exactly((job.ended_at - job.started_at).total_seconds()))
    back = f" ({credits(job.price - job.charged)} refunded)" if job.charged < job.price else ""
    facts.append(f"{paid(job, job.charged)}{back}")
    name = inline(request.name)
    uses = "" if content.chosen is None else f" {name} uses step {content.chosen} of {ran}."
    how = f"Try `/imagine` with `subject: {harmless(request.name, 80)}`; `/subjects` has more."
    return f"**Training finished.**{uses}\n{how}\n-# {' · '.join(facts)}"


def parameters_text(job: Job) -> str:
    """Return everything that was asked for, and the recipe that the model brings with it."""
    request = from_json(job.request)
    assert isinstance(request, TrainRequest)
    facts = [
        f"Subject: {request.name} ({request.class_noun})",
        f"Photos: {len(request.photos)}" + (", kept" if request.keep_photos else ", deleted at the end"),
        f"Model: {request.model}",
        f"Steps: {request.steps}",
        f"Rank: {request.rank}",
        f"Learning rate: {request.learning_rate:g}",
        f"Seed: {request.seed}",
    ]
    return "```\n" + "\n".join(harmless(fact, 120) for fact in facts) + "\n```"


def training_rows(job: Job, content: CardContent) -> list[ui.ActionRow[Any]]:
    """Return what can be pressed below a training."""
    steps, chosen = content.steps, content.chosen
    info = InfoButton(job.id)
    if job.final:
        below = [StepSelect.of(job.id, steps, chosen)] if len(steps) > 1 else []
        return [*(ui.ActionRow[Any](select) for select in below), ui.ActionRow(info)]
    below = [StepSelect.of(job.id, steps, running=True)] if steps and not job.cancel_requested else []
    stop = StopButton(job.id, disabled=job.cancel_requested)
    return [*(ui.ActionRow[Any](select) for select in below), ui.ActionRow(stop, info)]


async def _read(services: Services, job: Job, limit_bytes: int) -> CardContent:
    """Return the filmstrip so far, also of a training that begins again after an error."""
    if not (job.state in (State.RUNNING, State.DONE) or (job.state is State.QUEUED and job.attempt)):
        return CardContent()
    subject = await services.db.read(subject_of_job, job.id)
    return CardContent(
        pictures=await read_film(services, job, limit_bytes),
        steps=tuple(await film_steps(services, job)),
        chosen=subject.step if subject else None,
    )


TRAIN_JOB = JobKind(
    not_done="Training failed",
    running=running_text,
    done=done_text,
    rows=training_rows,
    parameters=lambda job, *_: parameters_text(job),
    read=_read,
    finish=finish_training,
)
