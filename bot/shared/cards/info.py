"""Everything there is to know about a job, for its owner."""

from bot.features.voice.languages import language_name
from bot.shared.text.formatting import block, credits, exactly, harmless, moment, paid
from db.jobs import Job
from inference.requests import ImageRequest, Kind, TranscribeRequest, from_json

TEXT_MAX = 2000  # characters of a message


def info_text(job: Job) -> str:
    """Say everything about a job in one message: its parameters as other tools write them, then how it went."""
    facts = [f"job `{job.id}`", f"requested {moment(job.queued_at)}", str(job.state)]
    if job.started_at and job.ended_at:
        facts.append(f"took {exactly((job.ended_at - job.started_at).total_seconds())}")
    spent = f"{credits(job.charged)} spent" if job.final else f"{credits(job.price)} reserved"
    facts.append(spent if job.price else paid(job, 0))
    if job.source_job_id:
        facts.append(f"{'re-roll of' if job.kind == Kind.IMAGE else 'transcribed again from'} `{job.source_job_id}`")
    return f"{_request_block(job)}\n-# {' · '.join(facts)}"[:TEXT_MAX]


def _request_block(job: Job) -> str:
    request = from_json(job.request)
    if isinstance(request, TranscribeRequest):
        return block(_hearing(request))
    if not isinstance(request, ImageRequest):
        return block(job.model)
    lines = [" ".join([harmless(request.prompt, 900), *(use.lora_tag for use in request.subjects)])]
    if request.negative:
        lines.append(f"Negative prompt: {harmless(request.negative, 500)}")
    lines.append(
        f"Steps: {request.steps}, CFG scale: {request.guidance:g}, Seed: {request.seed}, "
        f"Size: {request.width_px}x{request.height_px}, Model: {request.model}, Pictures: {request.count}"
    )
    return "```\n" + "\n".join(lines) + "\n```"


def _hearing(request: TranscribeRequest) -> str:
    language = language_name(request.language) if request.language else "detected"
    wishes = [
        name
        for name, wanted in (("translated to English", request.translate), ("timestamps", request.word_timestamps))
        if wanted
    ]
    return ", ".join(
        [f"Clip: {exactly(request.duration_s)}", f"Model: {request.model}", f"Language: {language}", *wishes]
    )
