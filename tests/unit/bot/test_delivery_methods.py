"""Which ways of delivery make sense."""

import datetime as dt
from dataclasses import replace

from bot.shared.delivery.methods import DeliveryMethod, delivery_methods, loses_card
from db.queue.job import State
from tests.support.bot.jobs import NOON, make_job

LATER = NOON + dt.timedelta(minutes=16)


def test_done_job_with_a_live_token_has_all_methods() -> None:
    job = make_job(state=State.DONE, message_id=5)
    assert delivery_methods(job, NOON) == [
        DeliveryMethod.TOKEN,
        DeliveryMethod.MESSAGE,
        DeliveryMethod.CHANNEL,
        DeliveryMethod.DM,
    ]


def test_done_job_with_a_dead_token_starts_at_its_message() -> None:
    assert delivery_methods(make_job(state=State.DONE, message_id=5), LATER) == [
        DeliveryMethod.MESSAGE,
        DeliveryMethod.CHANNEL,
        DeliveryMethod.DM,
    ]


def test_done_job_without_a_known_message_is_posted() -> None:
    assert delivery_methods(make_job(state=State.DONE), LATER) == [DeliveryMethod.CHANNEL, DeliveryMethod.DM]


def test_private_job_is_never_shown_in_the_channel() -> None:
    assert delivery_methods(make_job(state=State.DONE, private=True, message_id=5), NOON) == [
        DeliveryMethod.TOKEN,
        DeliveryMethod.DM,
    ]
    assert delivery_methods(make_job(state=State.DONE, private=True, message_id=5), LATER) == [DeliveryMethod.DM]


def test_progress_and_cancellation_get_no_message_of_their_own() -> None:
    for state in (State.QUEUED, State.RUNNING, State.CANCELLED):
        assert delivery_methods(make_job(state=state, message_id=5), LATER) == [DeliveryMethod.MESSAGE]


def test_clip_that_a_message_brought_gets_a_card_of_its_own_once() -> None:
    job = make_job(interaction_token="", guild_id=None)
    assert delivery_methods(job, NOON) == [DeliveryMethod.CHANNEL]
    assert delivery_methods(replace(job, message_id=5, state=State.RUNNING), NOON) == [DeliveryMethod.MESSAGE]
    assert delivery_methods(replace(job, message_id=5, state=State.DONE), NOON) == [
        DeliveryMethod.MESSAGE,
        DeliveryMethod.CHANNEL,
        DeliveryMethod.DM,
    ]


def test_clip_that_nobody_asked_about_is_sent_to_nobody_but_words_that_call_the_bot_ask() -> None:
    job = make_job(interaction_token="", guild_id=21, state=State.DONE, kind="transcribe")
    assert delivery_methods(job, NOON) == [DeliveryMethod.CHANNEL]
    assert delivery_methods(replace(job, kind="image"), NOON) == [DeliveryMethod.CHANNEL, DeliveryMethod.DM]


def test_only_a_private_live_job_loses_its_card_with_the_token() -> None:
    private = make_job(state=State.RUNNING, private=True, message_id=5)
    assert not loses_card(private, NOON)
    assert loses_card(private, LATER)
    assert not loses_card(replace(private, private=False), LATER)
    assert not loses_card(replace(private, state=State.DONE), LATER)
