"""Which ways of delivery make sense."""

import datetime as dt
from dataclasses import replace

from bot.shared.delivery.delivery import Rung, rungs
from db.jobs import State
from tests.support.bot.jobs import NOON, make_job

LATER = NOON + dt.timedelta(minutes=16)


def test_done_job_with_a_live_token_climbs_the_whole_ladder() -> None:
    job = make_job(state=State.DONE, message_id=5)
    assert rungs(job, NOON) == [Rung.TOKEN, Rung.MESSAGE, Rung.CHANNEL, Rung.DM]


def test_done_job_with_a_dead_token_starts_at_its_message() -> None:
    assert rungs(make_job(state=State.DONE, message_id=5), LATER) == [Rung.MESSAGE, Rung.CHANNEL, Rung.DM]


def test_done_job_without_a_known_message_is_posted() -> None:
    assert rungs(make_job(state=State.DONE), LATER) == [Rung.CHANNEL, Rung.DM]


def test_private_job_is_never_shown_in_the_channel() -> None:
    assert rungs(make_job(state=State.DONE, private=True, message_id=5), NOON) == [Rung.TOKEN, Rung.DM]
    assert rungs(make_job(state=State.DONE, private=True, message_id=5), LATER) == [Rung.DM]


def test_progress_and_cancellation_get_no_message_of_their_own() -> None:
    for state in (State.QUEUED, State.RUNNING, State.CANCELLED):
        assert rungs(make_job(state=state, message_id=5), LATER) == [Rung.MESSAGE]


def test_clip_that_a_message_brought_gets_a_card_of_its_own_once() -> None:
    job = make_job(interaction_token="", guild_id=None)
    assert rungs(job, NOON) == [Rung.CHANNEL]
    assert rungs(replace(job, message_id=5, state=State.RUNNING), NOON) == [Rung.MESSAGE]
    assert rungs(replace(job, message_id=5, state=State.DONE), NOON) == [Rung.MESSAGE, Rung.CHANNEL, Rung.DM]


def test_clip_that_nobody_asked_about_is_sent_to_nobody() -> None:
    job = make_job(interaction_token="", guild_id=21, state=State.DONE)
    assert rungs(job, NOON) == [Rung.CHANNEL]
