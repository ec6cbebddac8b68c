"""The help card: short, within the platform's limits, with commands that can be clicked."""

from dataclasses import replace

import pytest
from PIL import Image

from bot.features.help.cards import greeting_card, help_card
from bot.features.help.pictures import FOLDER, HEIGHT_PX, file_of
from bot.features.help.topics import OPERATORS, START, TOPICS, HelpTopic, topics_for
from bot.features.help.welcome import welcome_card
from bot.features.imagine.examples import EXAMPLES, OF_OTHERS, OF_SMALL_MODELS, example_buttons
from inference.vocabulary import Vocabulary
from tests.support.bot.cards import all_components, sent, texts
from tests.support.bot.catalogues import CATALOGUE

KNOWS = {"tiny": Vocabulary(frozenset({"heart"}))}

LINES_MAX = 11  # a card, not a wall


def mention(path: str) -> str:
    return "" if path == "gift" else f"</{path}:{10**19}>"


@pytest.mark.parametrize("topic", topics_for(operator=True).values(), ids=lambda topic: topic.key)
def test_topic_is_short_and_keeps_the_platforms_limits(topic: HelpTopic) -> None:
    view = help_card(mention, topic=topic, operator=True)
    assert view.content_length() <= 4000
    assert len(topic.text(mention).splitlines()) <= LINES_MAX
    assert len(topic.title) <= 100
    assert len(topic.hint) <= 100


def test_line_of_a_command_that_is_not_offered_is_left_out() -> None:
    shown = TOPICS["credits"].text(mention)
    assert "some of your credits" not in shown
    assert f"</quota mine:{10**19}>" in shown


@pytest.mark.parametrize("operator", [False, True])
def test_only_operators_are_offered_their_topic(*, operator: bool) -> None:
    (menu,) = (one for one in all_components(sent(help_card(mention, operator=operator))) if one["type"] == 3)
    offered = [option["value"] for option in menu["options"]]
    assert (OPERATORS.key in offered) is operator
    assert not any(option.get("default") for option in menu["options"])  # the question stands there
    assert menu["placeholder"] == "What would you like to know?"


def test_menu_below_a_topic_shows_which_it_is_and_leads_back() -> None:
    (menu,) = (one for one in all_components(sent(help_card(mention, topic=TOPICS["credits"]))) if one["type"] == 3)
    assert [option["value"] for option in menu["options"] if option.get("default")] == ["credits"]
    assert menu["options"][0]["value"] == START.key


def test_topic_of_operators_names_one_command_a_line() -> None:
    lines = OPERATORS.body(mention).splitlines()
    assert [line.count("</") for line in lines if "restart" not in line] == [1] * (len(lines) - 1)


def test_menu_of_a_public_answer_is_another_than_that_of_a_private_one() -> None:
    ids = [
        next(
            one["custom_id"]
            for one in all_components(sent(greeting_card(mention, in_guild=in_guild)))
            if "options" in one
        )
        for in_guild in (True, False)
    ]
    assert ids == ["help:one:all", "help:topic:all"]


def test_greeting_begins_with_hello_and_shows_where_to_begin() -> None:
    shown = texts(all_components(sent(greeting_card(mention, in_guild=True))))
    assert shown.startswith("Hello!")
    assert "</imagine:" in shown


def test_every_topic_has_a_strip_of_pictures_and_all_are_small() -> None:
    files = {file.name: file for file in FOLDER.iterdir()}
    assert set(files) == {file_of(topic) for topic in topics_for(operator=True).values()}
    assert sum(file.stat().st_size for file in files.values()) < 100_000  # they are in the wheel
    for topic in topics_for(operator=True).values():
        with Image.open(files[file_of(topic)]) as strip:
            assert strip.format == "WEBP"
            assert strip.height == HEIGHT_PX
            assert strip.width // HEIGHT_PX == len(topic.pictures)


def test_examples_are_what_the_default_model_draws_and_those_on_the_picture_beside_them() -> None:
    assert tuple(OF_SMALL_MODELS.values()) == START.pictures
    labels_of = {
        name: [item.item.label for item in example_buttons(catalogue)]  # type: ignore[attr-defined]
        for name, catalogue in (("small", replace(CATALOGUE, vocabularies=KNOWS)), ("other", CATALOGUE))
    }
    assert labels_of == {"small": list(OF_SMALL_MODELS.values()), "other": list(OF_OTHERS.values())}
    assert all(len(prompt) <= 80 for prompt in EXAMPLES.values())
    assert len(EXAMPLES) == len(OF_SMALL_MODELS) + len(OF_OTHERS)


def test_welcome_is_short_and_names_three_commands_and_where_operators_decide() -> None:
    shown = texts(all_components(sent(welcome_card(mention))))
    assert len(shown.splitlines()) <= 6
    assert [path for path in ("imagine", "train", "transcribe") if f"</{path}:" in shown] == [
        "imagine", "train", "transcribe",
    ]  # fmt: skip
    assert "</atelier channels allow:" in shown
