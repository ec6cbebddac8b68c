"""Buttons and menus on old messages are heard: their ids are never to change."""

from typing import Any

import pytest

from bot.features.favourites.button import FavouriteButton
from bot.features.history.gallery import HISTORY_ITEMS
from bot.features.history.vocabulary_card import VOCABULARY_BUTTONS
from bot.features.imagine.buttons import IMAGE_BUTTONS
from bot.features.imagine.edit.remix import RemixButton
from bot.features.imagine.examples import ExampleButton
from bot.features.imagine.once_more import ONCE_MORE_BUTTONS
from bot.features.mydata.cards import DeleteEverythingButton
from bot.features.operator.finding import FOUND_ITEMS
from bot.features.train.job_card import StepSelect, StopButton
from bot.features.train.preflight import PHOTOS_QUOTE_BUTTONS
from bot.features.train.subject_card import SUBJECT_ITEMS
from bot.features.upscale.buttons import UpscaleButton
from bot.features.vary.buttons import VARY_ITEMS, CanvasButton, VarySubtleButton
from bot.features.vary.declined import EditRegionButton
from bot.features.voice.job_card import TRANSCRIPT_ITEMS
from bot.shared.cards.job_buttons import JOB_BUTTONS, JobItem
from bot.shared.cards.job_kind import ButtonKeys
from bot.shared.cards.licence import LICENCE_BUTTONS, licence_card
from bot.shared.cards.more import MENU_BUTTONS, MoreButton
from bot.shared.cards.quote import QUOTE_BUTTONS
from bot.shared.cards.suggestion import SUGGESTION_BUTTONS
from bot.shared.discord.persistent_items import PersistentItem
from bot.shared.orders.order_request import LicenceQuote
from tests.support.bot.cards import all_components
from tests.support.bot.cards import sent as card_of
from tests.support.bot.catalogues import LARGE

ITEMS: list[type[PersistentItem[Any]]] = [
    *JOB_BUTTONS, *IMAGE_BUTTONS, RemixButton, UpscaleButton, *VARY_ITEMS, EditRegionButton, StopButton, StepSelect,
    *TRANSCRIPT_ITEMS,
    *PHOTOS_QUOTE_BUTTONS, *SUBJECT_ITEMS, *QUOTE_BUTTONS, *SUGGESTION_BUTTONS, *VOCABULARY_BUTTONS,
    *LICENCE_BUTTONS, DeleteEverythingButton, *FOUND_ITEMS, *MENU_BUTTONS, FavouriteButton,
    *HISTORY_ITEMS, *ONCE_MORE_BUTTONS, ExampleButton,
]  # fmt: skip
JOB = "01m83e181se1jfa8y4eqq8mkf0"
KNOWN = {
    "job": "again mine edit info cancel delete show stop step translate timestamps language imagine more back change "
    "keep exact today open relative remix",
    "picture": "upscale subtle strong canvas around region cells recells",
    "typed": "edit",
    "draft": "go relax other leave",
    "subject": "open rename export delete really guild back step member role",
    "offer": "go relax leave use typed",
    "model": "nouns page",
    "licence": "accept decline",
    "mydata": "delete",
    "found": "page remove subject",
    "withheld": "look",
    "history": "page search",
    "example": "draw",
}


def test_ids_are_those_that_stand_on_messages_by_now() -> None:
    assert sorted(item.id_for("") for item in ITEMS) == sorted(
        f"{topic}:{verb}:" for topic, verbs in KNOWN.items() for verb in verbs.split()
    )


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.id_for("x"))
def test_id_is_heard_by_one_class(item: type[PersistentItem[Any]]) -> None:
    key = {
        "picture": f"{JOB}:2",
        "typed": "public-any",
        "licence": "sd-1.5",
        "mydata": "120000000000000001",
        "model": "sd-1.5:0",
        "history": "3",
        "example": "heart",
        "found": f"member-120000000000000001-7-{JOB}",
    }.get(item.topic, JOB)
    ends = {"cells": ":public", "recells": ":public:0001", "around": ":zoom-1.5"}
    key += ends.get(item.verb, "") if item.topic == "picture" else ""
    heard = [one for one in ITEMS if one.__discord_ui_compiled_template__.fullmatch(item.id_for(key))]
    assert heard == [item]
    for strange in ("", f"{key}/..", f"{key} "):
        assert not item.__discord_ui_compiled_template__.fullmatch(item.id_for(strange))


@pytest.mark.parametrize("item", [MoreButton, FavouriteButton, VarySubtleButton, CanvasButton])
def test_button_of_a_menu_carries_the_cards_message(item: type[JobItem]) -> None:
    keys = ButtonKeys(JOB, 120000000000000001)
    key = (
        {"job": keys.job, "picture": keys.picture(2)}[item.topic] if item is not CanvasButton else keys.picture(2, "up")
    )
    heard = item.__discord_ui_compiled_template__.fullmatch(item.id_for(key))
    assert heard is not None
    button = item(heard["key"])
    assert (button.job_id, button.card_id) == (JOB, 120000000000000001)
    assert item(ButtonKeys(JOB).picture(2, "up")).card_id is None


@pytest.mark.parametrize("key", ["sd-1.5", f"sd-1.5:{JOB}"])  # without what was asked for, on messages of before
def test_question_about_a_licence_carries_an_id_that_is_heard(key: str) -> None:
    for button in LICENCE_BUTTONS:
        heard = [
            one for one in LICENCE_BUTTONS if one.__discord_ui_compiled_template__.fullmatch(button(key).custom_id)
        ]
        assert heard == [button]


def test_question_about_a_licence_has_both_answers_to_what_was_asked_for() -> None:
    sent = all_components(card_of(licence_card(LicenceQuote(id=JOB, model=LARGE))))
    assert [one["custom_id"] for one in sent if "custom_id" in one] == [
        f"licence:accept:large:{JOB}", f"licence:decline:large:{JOB}",
    ]  # fmt: skip
