"""Where each file lies in the store: the shape of every key, and nowhere else. Pure.

    jobs/<job id>/…          what a worker made, by its name for it: picture-1.png, film-0050.png, transcript.srt
                             while it runs: preview.webp, preview.txt, checkpoint-<attempt>
    subjects/<subject id>/…  what a member keeps: adapter.safetensors, picture.png, photo-0.png
    uploads/<order id>/…     photos for a training, until it has ended: photo-0
    uploads/<event id>/clip  sound, under the id of the interaction or message that asked for its text
    uploads/<event id>/picture  what pictures are made from, under the id of the interaction that asked for them; of
                             several, the others are picture-2, picture-3 …
    uploads/<event id>/mask  what of that picture is drawn anew

A subject has the id of the pending order that it came from. Keys stand in rows of `jobs`, so a shape is for ever.
"""

JOBS, SUBJECTS, UPLOADS = "jobs", "subjects", "uploads"

PREVIEW_PICTURE = "preview.webp"
PREVIEW_TEXT = "preview.txt"
_CLIP = "clip"
_PICTURE = "picture"
_MASK = "mask"
INIT_PICTURES_MAX = 5  # of one job


def job_folder(job_id: str) -> str:
    """Return the prefix of everything that a job leaves."""
    return f"{JOBS}/{job_id}"


def job_file(job_id: str, name: str) -> str:
    """Return the key of something that a job made."""
    return f"{job_folder(job_id)}/{name}"


def checkpoint_name(attempt: int) -> str:
    """Return what an attempt calls its checkpoint: whoever comes back late cannot put theirs in a later one's place."""
    return f"checkpoint-{attempt}"


def subject_folder(subject_id: str) -> str:
    """Return the prefix of everything that is kept of a subject."""
    return f"{SUBJECTS}/{subject_id}"


def subject_adapter(subject_id: str) -> str:
    """Return the key of the weights that a subject is drawn with."""
    return f"{subject_folder(subject_id)}/adapter.safetensors"


def subject_picture(subject_id: str) -> str:
    """Return the key of the picture that shows a subject."""
    return f"{subject_folder(subject_id)}/picture.png"


def subject_photo(subject_id: str, index: int) -> str:
    """Return the key of a photo that its owner asked to keep."""
    return f"{subject_folder(subject_id)}/photo-{index}.png"


def photos_folder(order_id: str) -> str:
    """Return the prefix of the photos for a training."""
    return f"{UPLOADS}/{order_id}"


def photo_file(order_id: str, index: int) -> str:
    """Return the key of one of the photos for a training."""
    return f"{photos_folder(order_id)}/photo-{index}"


def clip_file(event_id: int) -> str:
    """Return the key of a clip."""
    return f"{UPLOADS}/{event_id}/{_CLIP}"


def init_picture_file(event_id: int, number: int = 1) -> str:
    """Return the key of a picture that others are made from; of several, they are counted from 1."""
    return f"{UPLOADS}/{event_id}/{_PICTURE}" + (f"-{number}" if number > 1 else "")


def mask_file(event_id: int) -> str:
    """Return the key of what says which part of such a picture is drawn anew."""
    return f"{UPLOADS}/{event_id}/{_MASK}"


def init_picture_files(event_id: int) -> tuple[str, ...]:
    """Return the keys of all pictures and the mask that an event may have brought."""
    numbers = range(1, INIT_PICTURES_MAX + 1)
    return (*(init_picture_file(event_id, number) for number in numbers), mask_file(event_id))


def is_init_picture(key: str) -> bool:
    """Tell whether this is a picture that others are made from, or a mask."""
    owner = id_in(key)
    return owner.isdecimal() and key in init_picture_files(int(owner))


def id_in(key: str) -> str:
    """Return whose file this is: the id of a job, subject, pending order or event."""
    return key.split("/")[1]


def is_clip(key: str) -> bool:
    """Tell whether this is a clip."""
    owner = id_in(key)
    return owner.isdecimal() and key == clip_file(int(owner))
