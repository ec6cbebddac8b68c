"""What becomes of flagged pictures, by the place; and what a job costs without those that are withheld."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.checks import CHECK, CheckRules, FlaggedAction, PictureCheck, PlaceKind, check_of, place_kind
from inference.pricing import charged_without
from inference.settings import InferenceSettings

FLAGGED = PictureCheck({"looks": {"nsfw": 0.9}}, ("nsfw",))
FAILED = PictureCheck(failed=True)
CLEAN = PictureCheck({"looks": {"nsfw": 0.1}})
NOTHING, SPOILER, WITHHOLD = FlaggedAction.NOTHING, FlaggedAction.SPOILER, FlaggedAction.WITHHOLD


@pytest.mark.parametrize(
    ("guild_id", "age_restricted", "kind"),
    [
        (1, False, PlaceKind.PLAIN),
        (1, True, PlaceKind.AGE_RESTRICTED),
        (None, False, PlaceKind.DIRECT),
        (None, True, PlaceKind.DIRECT),
    ],
)
def test_place_kind(guild_id: int | None, age_restricted: bool, kind: PlaceKind) -> None:
    assert place_kind(guild_id, age_restricted=age_restricted) is kind


def test_defaults_keep_flagged_and_unknown_pictures_out_of_all_but_age_restricted_channels() -> None:
    for rules in (CheckRules(), InferenceSettings(_env_file=None).check_rules):
        for check in (FLAGGED, FAILED, PictureCheck(flags=("nsfw",), failed=True)):
            actions = {place: rules.action(check, place) for place in PlaceKind}
            assert actions == dict.fromkeys(PlaceKind, WITHHOLD) | {PlaceKind.AGE_RESTRICTED: NOTHING}
        assert {rules.action(check, place) for check in (CLEAN, None) for place in PlaceKind} == {NOTHING}


@pytest.mark.parametrize("unchecked", [SPOILER, WITHHOLD])
@pytest.mark.parametrize("action", FlaggedAction)
def test_picture_whose_check_failed_has_a_rule_of_its_own_where_flagged_ones_have_one(
    action: FlaggedAction, unchecked: FlaggedAction
) -> None:
    rules = CheckRules(plain=action, unchecked=unchecked)
    assert rules.action(FLAGGED, PlaceKind.PLAIN) is action
    assert rules.action(FAILED, PlaceKind.PLAIN) is (NOTHING if action is NOTHING else unchecked)


def test_unknown_pictures_cannot_be_let_through_by_a_setting() -> None:
    with pytest.raises(ValueError, match="flagged_unknown"):
        InferenceSettings.model_validate({"flagged_unknown": "nothing"})


@pytest.mark.parametrize("check", [FLAGGED, FAILED, CLEAN])
def test_check_survives_json(check: PictureCheck) -> None:
    assert check_of({CHECK: json.loads(json.dumps(check.to_json()))}) == check
    assert check_of({"seed": 1}) is None


def test_only_flagged_pictures_are_marked() -> None:
    files: dict[str, dict[str, Any]] = {
        "1.png": {CHECK: FLAGGED.to_json()},
        "2.png": {CHECK: CLEAN.to_json()},
        "3.png": {"seed": 3},
    }
    marked = CheckRules().withhold(files, PlaceKind.PLAIN)
    assert [name for name, meta in marked.items() if meta.get("withheld")] == ["1.png"]
    assert CheckRules().withhold(files, PlaceKind.AGE_RESTRICTED) == files


@given(each=st.integers(0, 50), pictures=st.integers(1, 16), data=st.data())
def test_withheld_pictures_cost_nothing_and_the_others_what_they_did(
    each: int, pictures: int, data: st.DataObject
) -> None:
    withheld = data.draw(st.integers(0, pictures))
    assert charged_without(each * pictures, withheld=withheld, pictures=pictures) == each * (pictures - withheld)
