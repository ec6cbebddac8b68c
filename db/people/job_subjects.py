"""Which subjects a job draws with or trains, so that it can be found by them."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from db.tables import job_subjects


def subjects_of(request: Mapping[str, Any]) -> list[str]:
    """Return the ids of the subjects that a request names: of pictures those drawn with, of a training its own."""
    drawn: set[str] = {use["subject_id"] for use in request.get("subjects") or ()}
    return sorted(drawn | ({trained} if (trained := request.get("subject_id")) else set()))


def add_subjects(connection: sa.Connection, job_id: str, request: Mapping[str, Any]) -> None:
    """Write down which subjects a new job is about; most are about none."""
    if named := subjects_of(request):
        connection.execute(job_subjects.insert(), [{"subject_id": one, "job_id": job_id} for one in named])
