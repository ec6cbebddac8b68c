"""Subjects in prompts: `Rex, Blob:0.8` as a member typed it. Pure."""

import re
from collections.abc import Collection
from dataclasses import replace

from bot.features.imagine.options import ImagineOptions
from bot.shared.errors import BadParameter, NotASubject
from bot.shared.text.formatting import inline
from db.people.subjects import Subject
from inference.requests import ImageRequest, SubjectUse

SUBJECTS_MAX = 3  # in one picture
WEIGHT_MAX = 2.0


def with_subjects(request: ImageRequest, typed: str, usable: Collection[Subject], user_id: int) -> ImageRequest:
    """Return the request with the subjects that were typed, such as `Rex, Blob:0.8`, and their words in the prompt.

    Args:
        request: the request so far.
        typed: what the member typed.
        usable: subjects that the member may use.
        user_id: the member.

    Raises:
        BadParameter: there is none of that name, there are too many, or a weight is no number.
    """
    pieces = [piece.strip() for piece in typed.split(",") if piece.strip()]
    if len(pieces) > SUBJECTS_MAX:
        raise BadParameter(f"One picture can have at most {SUBJECTS_MAX} subjects. Please leave some out of `subject`.")
    chosen = [_parse(piece, usable, user_id) for piece in pieces]
    subjects = [subject for subject, _ in chosen]
    for index, subject in enumerate(subjects):
        if subject in subjects[:index]:
            raise BadParameter(f"{inline(subject.name)} is in `subject` twice. Please keep one.")
    if len({subject.model for subject in subjects}) > 1:
        raise BadParameter(
            "Those subjects were trained on different models and can't be in one picture. Please choose one `subject`."
        )
    prompt = request.prompt
    for subject in subjects:
        prompt = _say(prompt, subject)
    uses = tuple(SubjectUse(subject.id, weight, subject.phrase) for subject, weight in chosen)
    return replace(request, prompt=prompt, typed=request.typed or request.prompt, subjects=uses)


def named_in(prompt: str, usable: Collection[Subject], user_id: int, *, model: str | None) -> list[Subject]:
    """Return the subjects that a prompt names, of one model: as many as one picture can have, one's own first.

    Args:
        prompt: what was typed.
        usable: subjects that the member may use.
        user_id: the member.
        model: the model that was chosen; None: whichever they were trained on.
    """
    own_first = sorted(usable, key=lambda subject: subject.owner_id != user_id)
    named: dict[str, Subject] = {}
    for subject in own_first:
        wanted = model or next((first.model for first in named.values()), subject.model)
        typable = not set(subject.name) & set(",:")  # else it could not be chosen by its name
        if typable and subject.model == wanted and _named(subject).search(prompt):
            named.setdefault(subject.name.casefold(), subject)
    return list(named.values())[:SUBJECTS_MAX]


def with_subject_model(options: ImagineOptions, usable: Collection[Subject], user_id: int) -> ImagineOptions:
    """Return the options with the model that their first subject was trained on, where no model was chosen."""
    if not options.subject or options.model:
        return options
    first, _ = _parse(options.subject.split(",")[0].strip(), usable, user_id)
    return replace(options, model=first.model)


def _parse(piece: str, usable: Collection[Subject], user_id: int) -> tuple[Subject, float]:
    name, weight = piece, 1.0
    if match := re.fullmatch(r"(.+?)\s*:\s*([0-9.]+)", piece):
        name = match[1]
        try:
            weight = float(match[2])
        except ValueError as error:
            raise BadParameter(
                f"`{match[2]}` is not a weight for `subject`. 1 is full strength, 0.5 is half."
            ) from error
    if not 0 < weight <= WEIGHT_MAX:
        raise BadParameter(f"A weight in `subject` must be more than 0, and at most {WEIGHT_MAX:g}.")
    wanted = name.casefold()
    found = [subject for subject in usable if subject.name.casefold() == wanted or subject.id == name]
    found.sort(key=lambda subject: subject.owner_id != user_id)  # one's own comes before another's of the same name
    if not found:
        raise NotASubject
    return found[0], weight


def _say(prompt: str, subject: Subject) -> str:
    """Put a subject's words into a prompt: where its name stands, else at the front, unless they are there."""
    if subject.phrase.casefold() in prompt.casefold():
        return prompt
    if _named(subject).search(prompt):
        return _named(subject).sub(lambda _: subject.phrase, prompt)
    return f"{subject.phrase}, {prompt}"


def _named(subject: Subject) -> re.Pattern[str]:
    """Return how a subject's name stands in a prompt: as a word of its own, in any case."""
    return re.compile(rf"(?<!\w){re.escape(subject.name)}(?!\w)", re.IGNORECASE)
