"""The overview of subjects: one's own, and those that are shared with one."""

from collections.abc import Sequence

from discord import ui

from bot.features.train.subject_card import OpenButton, file_name
from bot.shared.cards.layout import layout, said
from bot.shared.files.pictures import Picture
from bot.shared.text.formatting import inline
from db.people.subjects import Subject

SHOWN_MAX = 7  # five components each and three around them, within the platform's 40
Seen = Sequence[tuple[Subject, bytes | None]]  # with what it looks like


def subjects_card(seen: Seen, user_id: int) -> ui.LayoutView:
    """Show subjects; those of one's own can be opened."""
    if not seen:
        return said("**No subjects yet.** Train one with `/train`: a name, a kind, and 3 to 10 photos.")
    card = ui.Container[ui.LayoutView]()
    card.add_item(ui.TextDisplay("**Subjects** you can use in `/imagine`, with the option `subject`"))
    for subject, picture in seen[:SHOWN_MAX]:
        text = ui.TextDisplay[ui.LayoutView](_line(subject, user_id))
        if picture:
            thumbnail = ui.Thumbnail[ui.LayoutView](f"attachment://{file_name(subject)}", description=subject.name)
            card.add_item(ui.Section(text, accessory=thumbnail))
        else:
            card.add_item(text)
        if subject.owner_id == user_id:
            card.add_item(ui.ActionRow(OpenButton(subject.id)))
    if len(seen) > SHOWN_MAX:
        card.add_item(ui.TextDisplay(f"-# and {len(seen) - SHOWN_MAX} more · `/subjects` with a `name` opens yours"))
    return layout(card)


def subjects_files(seen: Seen) -> list[Picture]:
    """Return the pictures that `subjects_card` names."""
    return [Picture(file_name(subject), picture, subject.name) for subject, picture in seen[:SHOWN_MAX] if picture]


def _line(subject: Subject, user_id: int) -> str:
    whose = "yours" if subject.owner_id == user_id else f"from <@{subject.owner_id}>"
    what = f"**{inline(subject.name)}** · {inline(subject.class_noun)} · {whose}"
    if not subject.ready:
        return f"{what}\n-# `{subject.model}` · still training: *Open* shows how far it is, and its steps"
    return f"{what}\n-# `{subject.model}` · trigger word {inline(subject.phrase)}"
