"""What the cards of subjects show."""

from typing import Any

import pytest

from bot.cards.subject import subject_card
from bot.cards.subjects import subjects_card, subjects_files
from db.subjects import Scope, Share, Subject
from tests.unit.bot.jobs import NOON
from tests.unit.bot.test_cards import labels, sent, texts

ADA, BEN = 1, 2


def subject(number: int = 1, **changes: Any) -> Subject:
    fields: dict[str, Any] = {
        "id": f"{number:026d}", "owner_id": ADA, "guild_id": 7, "name": f"Rex {number}", "class_noun": "dog",
        "trigger": "zkv", "model": "tiny", "ready": True, "job_id": f"{number:026d}", "step": 200, "photos": 4,
        "keeps_photos": False, "created_at": NOON,
    }  # fmt: skip
    return Subject(**(fields | changes))


def walked(components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for part in components for one in (part, *walked(part.get("components", [])))]


@pytest.mark.parametrize("pictured", [True, False])
def test_overview_of_many_keeps_the_platforms_limits_and_says_how_to_open_the_rest(pictured: bool) -> None:
    seen = [(subject(number, name="`*" * 16), b"png" if pictured else None) for number in range(30)]
    view = subjects_card(seen, ADA)
    assert view.total_children_count <= 40
    assert view.content_length() <= 4000
    said = texts(walked(sent(view)))
    assert "and 23 more; `/subjects` with a `name` opens yours" in said
    assert len(subjects_files(seen)) == (7 if pictured else 0)


def test_overview_opens_only_ones_own() -> None:
    view = subjects_card([(subject(1), None), (subject(2, owner_id=BEN), None)], ADA)
    components = walked(sent(view))
    assert labels(components) == ["Open"]
    assert f"from <@{BEN}>" in texts(components)


def test_card_of_a_subject_shared_with_many_keeps_the_platforms_limits() -> None:
    shares = [Share(Scope.MEMBER, 120000000000000000 + number) for number in range(200)]
    view = subject_card(subject(), shares, in_guild=True, pictured=True)
    assert view.total_children_count <= 40
    assert view.content_length() <= 4000
