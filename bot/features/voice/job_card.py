"""How a transcript's card differs from a picture's: who speaks, their words as a quote, and what to do with it."""

from collections.abc import Callable
from typing import Any, Self

import discord
from discord import ui

from bot.features.voice.languages import COMMON, language_name
from bot.features.voice.transcribe import RepeatedClipOrderRequest, TranscribeOptions, check_speaker
from bot.features.voice.transcripts import (
    SHOWN_MAX,
    finish_clip,
    fits_on_card,
    subtitle_files,
    transcript_files,
    transcript_quote,
    transcript_request,
)
from bot.shared.cards.asking import order
from bot.shared.cards.job import job_card
from bot.shared.cards.job_buttons import CancelButton, DeleteButton, InfoButton, JobItem
from bot.shared.cards.job_kind import CardContent, JobKind, kinds_of
from bot.shared.discord.interactions import seen_privately, services_of
from bot.shared.discord.messages import discord_files
from bot.shared.discord.persistent_items import Answer
from bot.shared.errors import JobGone
from bot.shared.results import read_file, text_of
from bot.shared.services import Services
from bot.shared.text.formatting import block, exactly, inline, paid, progress
from db.file_keys import PREVIEW_TEXT, job_file
from db.queue.job import Job, State
from inference.requests import TranscribeRequest

OTHER_LANGUAGE = "Other language … (listens again)"


class TranscribeAgainItem(JobItem):
    """What hears a clip once more has in common: whoever sees the card may press them, and pays."""

    answer = Answer.ALIKE
    for_all = True

    def options(self, request: TranscribeRequest) -> TranscribeOptions:
        """Return how to hear the clip, from how it was heard."""
        raise NotImplementedError

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        order_request = RepeatedClipOrderRequest(source_job_id=job.id, options=self.options(transcript_request(job)))
        await order(interaction, order_request, private=job.private or seen_privately(interaction))


class TranslateButton(TranscribeAgainItem, verb="translate"):
    """The same in English, as a job of its own."""

    label = "Translate to English"

    def options(self, request: TranscribeRequest) -> TranscribeOptions:
        """Return the same options, translated."""
        return TranscribeOptions(language=request.language, translate=True, timestamps=request.word_timestamps)


class TimestampsButton(JobItem, verb="timestamps"):
    """Show on the same card when what was said, with subtitles. All of that is known, so it costs nothing."""

    label = "Subtitles and times"
    for_all = True

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        services = services_of(interaction)
        await check_speaker(services, transcript_request(job).speaker_id or job.user_id, interaction.user.id)
        if not text_of(job):
            raise JobGone
        content = CardContent(timed=True, documents=subtitle_files(job, interaction.filesize_limit))
        view = job_card(kinds_of(interaction)[job.kind], job, content)
        await interaction.edit_original_response(view=view, attachments=discord_files(content.files))


class LanguageSelect(TranscribeAgainItem, verb="language"):
    """The same as heard in a language of one's choice, as a job of its own."""

    @classmethod
    def of(cls, job_id: str, heard: str | None = None) -> Self:
        """Return the menu of languages, without the one that it was heard in."""
        offered = (code for code in COMMON if code != heard)
        options = [discord.SelectOption(label=language_name(code), value=code) for code in offered]
        return cls(job_id, ui.Select(custom_id=cls.id_for(job_id), placeholder=OTHER_LANGUAGE, options=options))

    def options(self, request: TranscribeRequest) -> TranscribeOptions:
        """Return the same options, in the chosen language."""
        return TranscribeOptions(language=self.item.values[0], timestamps=request.word_timestamps)


TRANSCRIPT_ITEMS: tuple[type[Any], ...] = (TranslateButton, TimestampsButton, LanguageSelect)


def transcript_head(job: Job, content: CardContent) -> str:
    """Say who is heard, and what was said so far."""
    speaker, heard = (
        transcript_request(job).speaker_id or job.user_id,
        transcript_quote(job, content.words, timed=content.timed),
    )
    told = f"<@{job.user_id}> your transcript is ready:\n" if content.mention else ""
    return f"{told}🎙️ **<@{speaker}>**\n{heard}" if heard else f"{told}🎙️ **<@{speaker}>**"


def transcribed_text(job: Job, content: CardContent) -> str:
    """Say what is known of a transcript: language and how sure, duration, model, time, price."""
    request = transcript_request(job)
    facts = [_language(job, request), exactly(job.outcome.get("duration_s", request.duration_s)), inline(job.model)]
    if job.started_at and job.ended_at:
        facts.append(f"took {exactly((job.ended_at - job.started_at).total_seconds())}")
    facts.append(paid(job, job.charged))
    if request.speaker_id not in (None, job.user_id):
        facts.append(f"requested by <@{job.user_id}>")
    return f"{_kept_where(job, content)}-# {' · '.join(fact for fact in facts if fact)}"


def _kept_where(job: Job, content: CardContent) -> str:
    """Say where the text is that the card does not show."""
    if not (text := text_of(job)):
        return "I no longer have this transcript.\n"
    if content.timed:
        return "The subtitles are in the files.\n"
    if transcript_request(job).word_timestamps:
        return "The time of each word is in the files.\n"
    return "The full transcript is in the files.\n" if len(text) > SHOWN_MAX else ""


def transcript_rows(
    job: Job, content: CardContent, imagine_button: Callable[[str], ui.Item[Any]]
) -> list[ui.ActionRow[Any]]:
    """Return what can be pressed below a transcript."""
    request = transcript_request(job)
    if not job.final:
        return [ui.ActionRow(CancelButton(job.id, disabled=job.cancel_requested), InfoButton(job.id))]
    if job.state is not State.DONE or not text_of(job):
        return [ui.ActionRow(InfoButton(job.id), DeleteButton(job.id))]
    buttons: list[ui.Item[Any]] = [imagine_button(job.id)]
    if not request.translate and job.outcome.get("language") != "en":
        buttons.append(TranslateButton(job.id))
    if not (request.word_timestamps or content.timed):
        buttons.append(TimestampsButton(job.id))
    heard = None if request.translate else job.outcome.get("language")  # a translation can be had in its own words
    return [
        ui.ActionRow(LanguageSelect.of(job.id, heard)),
        ui.ActionRow(*buttons, InfoButton(job.id), DeleteButton(job.id)),
    ]


def _language(job: Job, request: TranscribeRequest) -> str:
    code = job.outcome.get("language")
    if not isinstance(code, str):
        return ""
    name = language_name(code)
    if request.language is None:
        name += f" ({100 * float(job.outcome.get('language_probability', 0)):.0f}% sure)"
    return f"{name} → English" if request.translate else name


def _parameters(job: Job, *_: object) -> str:
    request = transcript_request(job)
    language = language_name(request.language) if request.language else "detected"
    facts = [f"Clip: {exactly(request.duration_s)}", f"Model: {request.model}", f"Language: {language}"]
    facts += ["translated to English"] * request.translate + ["timestamps"] * request.word_timestamps
    return block(", ".join(facts))


async def _read(services: Services, job: Job, limit_bytes: int) -> CardContent:
    if job.state is State.RUNNING:
        words = await read_file(services, job_file(job.id, PREVIEW_TEXT)) if job.preview else None
        return CardContent(words=(words or b"").decode(errors="replace"))
    if job.state is State.DONE and not fits_on_card(job):
        return CardContent(documents=transcript_files(job, limit_bytes))
    return CardContent()


def transcribe_job(*, imagine_button: Callable[[str], ui.Item[Any]]) -> JobKind:
    """Return what is a transcript's own.

    Args:
        imagine_button: makes the button, by the id of a job, that turns its words into a prompt.
    """
    return JobKind(
        not_done="No transcript",
        running=lambda job: progress(job, "transcribing", "{} of {} parts done"),
        done=transcribed_text,
        rows=lambda job, content: transcript_rows(job, content, imagine_button),
        parameters=_parameters,
        read=_read,
        head=transcript_head,
        finish=finish_clip,
    )
