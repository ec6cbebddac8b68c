"""How a transcript's card differs from a picture's: who speaks, their words as a quote, and what to do with it."""

import re
from collections.abc import Sequence
from typing import Any, Self

import discord
from discord import ui

from bot.features.imagine.imagine import imagine
from bot.features.imagine.options import ImagineOptions
from bot.features.imagine.prompt import PROMPT_MAX
from bot.features.voice.languages import COMMON, language_name
from bot.features.voice.transcribe import ClipAgainAsked, TranscribeOptions
from bot.features.voice.transcripts import segments_of, text_of
from bot.features.voice.voice import transcript_request
from bot.shared.cards.asking import show
from bot.shared.cards.job_buttons import CancelButton, DeleteButton, InfoButton, JobItem
from bot.shared.discord.contexts import context_of
from bot.shared.discord.interactions import acknowledge, seen_privately, studio_of
from bot.shared.discord.items import Answer, Form
from bot.shared.errors import JobGone
from bot.shared.orders.quote import quote
from bot.shared.text.formatting import bar, exactly, first_part, inline, last_part, paid, plainly
from db.jobs import Job, State
from inference.requests import TranscribeRequest
from inference.transcript import Segment

SHOWN_MAX = 1500  # characters on the card; escaped they are twice as many at most, and the platform takes 4,000
PARTIAL_MAX = 800


class HearAgainItem(JobItem):
    """What hears a clip once more has in common: whoever sees the card may press them, and pays."""

    answer = Answer.ALIKE

    async def admit(self, interaction: discord.Interaction, job: Job) -> None:
        """Let everybody pass: the platform shows a card only to those whom it is for."""

    def options(self, request: TranscribeRequest) -> TranscribeOptions:
        """Return how to hear the clip, from how it was heard."""
        raise NotImplementedError

    async def act(self, interaction: discord.Interaction, job: Job) -> None:
        context = await context_of(interaction, private=job.private or seen_privately(interaction))
        asked = ClipAgainAsked(source_job_id=job.id, options=self.options(transcript_request(job)))
        await show(interaction, await quote(studio_of(interaction), asked, context))


class TranslateButton(HearAgainItem, verb="translate"):
    """The same in English, as a job of its own."""

    label = "Translate to English"

    def options(self, request: TranscribeRequest) -> TranscribeOptions:
        return TranscribeOptions(language=request.language, translate=True, timestamps=request.word_timestamps)


class TimestampsButton(HearAgainItem, verb="timestamps"):
    """The same with the time of each word, as a job of its own."""

    label = "Timestamps"

    def options(self, request: TranscribeRequest) -> TranscribeOptions:
        return TranscribeOptions(language=request.language, translate=request.translate, timestamps=True)


class LanguageSelect(HearAgainItem, verb="language"):
    """The same as heard in a language of one's choice, as a job of its own."""

    @classmethod
    def of(cls, job_id: str) -> Self:
        """Return the menu of languages."""
        options = [discord.SelectOption(label=language_name(code), value=code) for code in COMMON]
        return cls(job_id, ui.Select(custom_id=cls.id_for(job_id), placeholder="Another language …", options=options))

    def options(self, request: TranscribeRequest) -> TranscribeOptions:
        return TranscribeOptions(language=self.item.values[0], timestamps=request.word_timestamps)


class ImagineButton(JobItem, verb="imagine"):
    """Make pictures of what was said, after a look at the words."""

    label = "Imagine this"
    emoji = "🎨"
    style = discord.ButtonStyle.primary
    answer = Answer.FORM

    async def admit(self, interaction: discord.Interaction, job: Job) -> None:
        """Let everybody pass who sees the card."""

    async def act(self, interaction: discord.Interaction, job: Job) -> None:
        text = text_of(job)
        if not text:
            raise JobGone
        await ImagineForm(text, private=job.private).open(interaction)


class ImagineForm(Form, title="Imagine this"):
    """A transcript as a prompt that can be edited."""

    prompt = ui.Label[ui.LayoutView](
        text="Prompt",
        description="As in /imagine; add --ar 3:2, --seed 7 and more at the end",
        component=ui.TextInput(style=discord.TextStyle.paragraph, max_length=PROMPT_MAX),
    )

    def __init__(self, text: str, *, private: bool) -> None:
        super().__init__()
        self._private = private
        assert isinstance(self.prompt.component, ui.TextInput)
        # Dashes would be read as the beginning of a parameter, which nobody says.
        self.prompt.component.default = first_part(re.sub(r"--+|[—–]", "-", text), PROMPT_MAX)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Ask for pictures, as /imagine does."""
        assert isinstance(self.prompt.component, ui.TextInput)
        await acknowledge(interaction, private=self._private)
        context = await context_of(interaction, private=self._private)
        options = ImagineOptions(prompt=self.prompt.component.value)
        await show(interaction, await imagine(studio_of(interaction), options, context))


TRANSCRIPT_ITEMS: tuple[type[Any], ...] = (TranslateButton, TimestampsButton, LanguageSelect, ImagineButton)


def transcript_head(job: Job, request: TranscribeRequest, heard: str, *, mention: bool) -> str:
    """Say who is heard, and what was said so far."""
    speaker = request.speaker_id or job.user_id
    told = f"<@{job.user_id}> your transcript is ready:\n" if mention else ""
    return f"{told}🎙️ **<@{speaker}>**\n{heard}" if heard else f"{told}🎙️ **<@{speaker}>**"


def transcript_quote(job: Job, partial: str) -> str:
    """Return what was said as a quote: its first part when all is there, its latest while the rest is being heard."""
    if job.state is State.RUNNING:
        return f"> {plainly(last_part(partial, PARTIAL_MAX))}" if partial else ""
    if job.state is not State.DONE:
        return ""
    if transcript_request(job).word_timestamps:
        return _timed(segments_of(job))
    text = text_of(job)
    return f"> {plainly(first_part(text, SHOWN_MAX))}" if text else ""


def fits_on_card(job: Job) -> bool:
    """Tell whether the card shows a transcript in full, so that it needs no files."""
    return len(text_of(job)) <= SHOWN_MAX and not transcript_request(job).word_timestamps


def hearing_text(job: Job) -> str:
    """Say how far the hearing is."""
    if not job.progress_total:
        return f"{bar(0, 1)} transcribing …\n-# {inline(job.model)}"
    done, total = job.progress_done, job.progress_total
    return f"{bar(done, total)} {min(99, 100 * done // total)}%\n-# {done} of {total} parts done · {inline(job.model)}"


def heard_text(job: Job, request: TranscribeRequest) -> str:
    """Say what is known of a transcript: language and how sure, duration, model, time, price."""
    facts = [_language(job, request), exactly(job.outcome.get("duration_s", request.duration_s)), inline(job.model)]
    if job.started_at and job.ended_at:
        facts.append(f"took {exactly((job.ended_at - job.started_at).total_seconds())}")
    facts.append(paid(job, job.charged))
    if request.speaker_id not in (None, job.user_id):
        facts.append(f"requested by <@{job.user_id}>")
    return f"{_kept_where(job)}-# {' · '.join(fact for fact in facts if fact)}"


def _kept_where(job: Job) -> str:
    """Say where the text is that the card does not show."""
    if not (text := text_of(job)):
        return "I no longer have this transcript.\n"
    if transcript_request(job).word_timestamps:
        return "The time of each word is in the files.\n"
    return "The full transcript is in the files.\n" if len(text) > SHOWN_MAX else ""


def transcript_rows(job: Job, request: TranscribeRequest) -> list[ui.ActionRow[Any]]:
    """Return what can be pressed below a transcript."""
    if not job.final:
        return [ui.ActionRow(CancelButton(job.id, disabled=job.cancel_requested), InfoButton(job.id))]
    if job.state is not State.DONE or not text_of(job):
        return [ui.ActionRow(InfoButton(job.id), DeleteButton(job.id))]
    buttons: list[ui.Item[Any]] = [ImagineButton(job.id)]
    if not request.translate and job.outcome.get("language") != "en":
        buttons.append(TranslateButton(job.id))
    if not request.word_timestamps:
        buttons.append(TimestampsButton(job.id))
    return [ui.ActionRow(LanguageSelect.of(job.id)), ui.ActionRow(*buttons, InfoButton(job.id), DeleteButton(job.id))]


def _language(job: Job, request: TranscribeRequest) -> str:
    code = job.outcome.get("language")
    if not isinstance(code, str):
        return ""
    name = language_name(code)
    if request.language is None:
        name += f" ({100 * float(job.outcome.get('language_probability', 0)):.0f}% sure)"
    return f"{name} → English" if request.translate else name


def _timed(segments: Sequence[Segment]) -> str:
    """Return segments as lines with their times, as many as fit."""
    lines: list[str] = []
    room = SHOWN_MAX
    for segment in segments:
        room -= len(segment.text) + len("> `0:00:00` ")
        if room < 0:
            return "\n".join([*lines, "> …"])
        lines.append(f"> `{_clock(segment.start_s)}` {plainly(segment.text)}")
    return "\n".join(lines)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
