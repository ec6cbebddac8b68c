"""What a member may have meant: how they are asked, and which subjects they are not asked about again."""

from collections.abc import Collection, Sequence

from bot.shared.orders.asker import PLAIN_WORDS
from bot.shared.orders.order_request import Suggestion
from bot.shared.services import Services
from bot.shared.text.formatting import inline
from db.people.members import add_to_preference

REMEMBERED_MAX = 100  # subjects; those that were shared and taken back are among them


async def remember_plain_words(services: Services, user_id: int, subject_ids: Collection[str]) -> None:
    """Remember that a member means no subject by these names."""
    await services.db.write(add_to_preference, user_id, PLAIN_WORDS, sorted(subject_ids), most=REMEMBERED_MAX)


def subjects_meant(names: Sequence[str]) -> Suggestion:
    """Return the question whether subjects are meant that a prompt names."""
    subjects, these = ("subject", "this name") if len(names) == 1 else ("subjects", "these names")
    return Suggestion(
        said=f"**Your prompt names {' and '.join(map(inline, names))}.** Use the trained {subjects}?\n"
        f"-# After *As plain words* I won't ask about {these} again; `subject:` always works.",
        label=f"Use {' and '.join(names)}",
        otherwise="As plain words",
    )


def noun_meant(model: str, word: str, noun: str) -> Suggestion:
    """Return the question whether a noun is meant that a small model knows."""
    return Suggestion(
        said=f"**{inline(model)} doesn't know {inline(word)}.** Did you mean {inline(noun)}?\n"
        "-# It knows a few hundred things; `/models` lists them.",
        label=f"Draw {noun}",
        otherwise="As typed",
    )
