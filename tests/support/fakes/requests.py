"""Requests with everything filled in."""

from typing import Any

from inference.requests import ImageRequest, TrainRequest, TranscribeRequest, UpscaleRequest


def image_request(prompt: str = "a red heart", **changes: Any) -> ImageRequest:
    """Return a request for one picture in four steps."""
    fields: dict[str, Any] = {
        "prompt": prompt,
        "model": "builtin",
        "width_px": 128,
        "height_px": 128,
        "steps": 4,
        "guidance": 4.0,
        "seed": 7,
        "count": 1,
    }
    return ImageRequest(**{**fields, **changes})


def train_request(name: str = "rex", **changes: Any) -> TrainRequest:
    """Return a request for twenty training steps without photos."""
    fields: dict[str, Any] = {
        "subject_id": "subject-1",
        "name": name,
        "class_noun": "dog",
        "trigger": "sks",
        "model": "builtin",
        "photos": (),
        "steps": 20,
        "rank": 4,
        "learning_rate": 1e-3,
        "seed": 7,
        "preview_every": 5,
    }
    return TrainRequest(**{**fields, **changes})


def transcribe_request(audio: str = "uploads/1/clip.ogg", **changes: Any) -> TranscribeRequest:
    """Return a request for the text of one clip of three seconds."""
    fields: dict[str, Any] = {"audio": audio, "duration_s": 3.0, "model": "tiny"}
    return TranscribeRequest(**{**fields, **changes})


def upscale_request(width_px: int = 40, height_px: int = 30, **changes: Any) -> UpscaleRequest:
    """Return a request to enlarge the second picture of a job, twice."""
    fields: dict[str, Any] = {
        "picture": "jobs/01j00000000000000000000009/picture-2.png",
        "of_job_id": "01j00000000000000000000009",
        "of_picture": 2,
        "model": "tiny-up",
        "scale": 2,
        "width_px": width_px,
        "height_px": height_px,
        "words": "a red heart",
    }
    return UpscaleRequest(**fields | changes)
