"""Whether somebody may use the subjects of a request, now."""

from bot.shared.errors import BadParameter, SubjectGone
from bot.shared.orders.order_request import RequestContext
from bot.shared.services import Services
from bot.shared.text.formatting import inline
from db.people.shares import usable_subjects
from inference.requests import ImageRequest


async def check_rights(services: Services, request: ImageRequest, context: RequestContext) -> None:
    """See that whoever asks may use every subject of a request, now.

    Raises:
        SubjectGone: one of them was deleted or taken back.
        BadParameter: one of them was trained on another model.
    """
    if not request.subjects:
        return
    usable = await services.db.read(
        usable_subjects, context.user_id, guild_id=context.guild_id, role_ids=context.role_ids
    )
    found = {subject.id: subject for subject in usable}
    for use in request.subjects:
        if (subject := found.get(use.subject_id)) is None:
            raise SubjectGone
        if subject.model != request.model:
            raise BadParameter(
                f"{inline(subject.name)} was trained on `{subject.model}`. Choose that `model` to use it."
            )
