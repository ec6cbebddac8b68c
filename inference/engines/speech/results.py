"""What is handed back of a clip: files, a summary, and the text so far."""

from inference.engines.speech.clip import Clip
from inference.messages import Checkpoint, Finished, JobEvent, Output, Preview, Progress
from inference.transcript import one_line, to_srt, to_txt, to_vtt


def text_of(clip: Clip) -> str:
    """Return the whole text so far, in one line."""
    return one_line("".join(segment.text for segment in clip.segments))


def interim_events(clip: Clip) -> list[JobEvent]:
    """Report a finished window of a clip that goes on."""
    job, attempt = clip.task.job_id, clip.task.attempt
    return [
        Progress(job, attempt, clip.windows_done, clip.windows),
        Preview(job, attempt, text_of(clip).encode(), "text/plain"),
        Checkpoint(job, attempt, clip.windows_done, clip.save()),
    ]


def final_events(clip: Clip, model: str) -> list[JobEvent]:
    """Report a clip that has its text: its files, then the end."""
    job, attempt = clip.task.job_id, clip.task.attempt
    files = (
        ("transcript.txt", "text/plain", to_txt(clip.segments)),
        ("transcript.srt", "application/x-subrip", to_srt(clip.segments)),
        ("transcript.vtt", "text/vtt", to_vtt(clip.segments)),
    )
    summary = {
        "text": text_of(clip),
        "language": clip.language,
        "language_probability": round(clip.language_probability, 3),
        "duration_s": round(clip.prepared.duration_s, 2),
        "model": model,
        "segments": [segment.to_json() for segment in clip.segments],
    }
    outputs = [Output(job, attempt, name, media_type, text.encode()) for name, media_type, text in files]
    return [*outputs, Finished(job, attempt, clip.windows_done, clip.windows, summary)]
