"""Subjects, as far as several features deal with them: gone, unknown, deleted with everything."""

from bot.shared.errors import BadParameter, Refused
from bot.shared.services import Services
from db.file_keys import job_folder, photos_folder, subject_folder
from db.people import subjects
from db.people.subjects import Subject


class SubjectGone(Refused):
    """The subject was deleted, or is no longer shared with the member."""

    message = "That subject no longer exists, or is no longer shared with you. `/subjects` lists those you can use."


class NotASubject(BadParameter):
    """The member can use no subject of that name here."""

    message = "You have no subject with that name here. `/subjects` lists those you can use."


async def delete_subject(services: Services, subject: Subject) -> None:
    """Remove a subject: row, shares and consent, then photos, checkpoints, film and adapters."""
    await services.db.write(subjects.delete_subject, subject.id)
    for tree in (subject_folder(subject.id), photos_folder(subject.id), job_folder(subject.job_id)):
        await services.files.delete_tree(tree)
