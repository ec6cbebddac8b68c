"""What the cards of subjects show."""

import pytest

from bot.features.train.subject_card import subject_card
from bot.features.train.subjects_card import subjects_card, subjects_files
from db.people.shares import Scope, Share
from tests.support.bot.cards import ADA, BEN, all_components, labels, sent, subject, texts


@pytest.mark.parametrize("pictured", [True, False])
def test_overview_of_many_keeps_the_platforms_limits_and_says_how_to_open_the_rest(pictured: bool) -> None:
    seen = [(subject(number, name="`*" * 16), b"png" if pictured else None) for number in range(30)]
    view = subjects_card(seen, ADA)
    assert view.total_children_count <= 40
    assert view.content_length() <= 4000
    said = texts(all_components(sent(view)))
    assert "and 23 more · `/subjects` with a `name` opens yours" in said
    assert len(subjects_files(seen)) == (7 if pictured else 0)


def test_overview_opens_only_ones_own() -> None:
    view = subjects_card([(subject(1), None), (subject(2, owner_id=BEN), None)], ADA)
    components = all_components(sent(view))
    assert labels(components) == ["Open"]
    assert f"from <@{BEN}>" in texts(components)


def test_card_of_a_subject_shared_with_many_keeps_the_platforms_limits() -> None:
    shares = [Share(Scope.MEMBER, 120000000000000000 + number) for number in range(200)]
    view = subject_card(subject(), shares, in_guild=True, pictured=True)
    assert view.total_children_count <= 40
    assert view.content_length() <= 4000
