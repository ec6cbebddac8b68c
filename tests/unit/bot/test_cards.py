"""What the card shows in each state."""

import json
import re
from dataclasses import replace

import pytest

from bot.features.history.cards import models_card, queue_card
from bot.features.history.gallery import history_card
from bot.features.history.jobs import QueuedJob
from bot.features.history.vocabulary_card import vocabulary_card, vocabulary_pages
from bot.features.operator.admin import SearchResult
from bot.features.operator.finding import found_card
from bot.features.operator.shown import Shown
from bot.job_kinds import JOB_KINDS
from bot.shared.cards.job import info_text
from bot.shared.files.pictures import Picture
from db.moderation.targets import Target
from db.queue.fair_order.position import QueuePosition
from db.queue.job import State
from inference.catalogue import Catalogue
from inference.requests import Kind, to_json
from inference.vocabulary import Vocabulary
from tests.support.bot.cards import all_components, drawn, history_page, labels, sent, subject, texts
from tests.support.bot.catalogues import CATALOGUE, TINY
from tests.support.bot.jobs import NOON, REQUEST, make_job

PICTURES = tuple(Picture(f"{i}.png", b"png", f"a red heart (seed {6 + i})") for i in range(1, 5))


def test_queued_card_shows_place_wait_and_price() -> None:
    card = drawn(make_job(), place=QueuePosition(ahead=3, ahead_credits=12), wait_s=38.0)
    assert "3 ahead of you · starts in about 40 s" in texts(card)
    assert "4 credits reserved" in texts(card)
    assert labels(card) == ["Cancel", "Info"]


def test_queued_card_says_why_it_is_there_again() -> None:
    again = {said: texts(drawn(make_job(**{said: 1}))) for said in ("blamed", "expirations")}
    assert "starting again after an error" in again["blamed"]
    assert "starting again after a restart" in again["expirations"]
    assert "again" not in texts(drawn(make_job()))


def test_queued_card_of_the_first_in_line_promises_no_wait() -> None:
    assert "you're next" in texts(drawn(make_job(), place=QueuePosition(ahead=0, ahead_credits=0), wait_s=0.0))


def test_running_card_shows_steps_and_preview() -> None:
    job = make_job(state=State.RUNNING, progress_done=40, progress_total=80)
    card = drawn(job, preview=Picture("preview.webp", b"webp", "so far"))
    assert "▰▰▰▰▰▰▱▱▱▱▱▱ 50%" in texts(card)
    assert "step 10 of 20" in texts(card)  # of each of the four pictures
    gallery = next(one for one in card if one["type"] == 12)
    assert gallery["items"][0]["media"]["url"] == "attachment://preview.webp"


def test_running_card_says_how_long_it_will_take() -> None:
    job = make_job(state=State.RUNNING, progress_done=40, progress_total=80)
    assert texts(drawn(job, left_s=18.0)).endswith("step 10 of 20 · `tiny` · 4 credits · about 20 s left")
    assert "left" not in texts(drawn(job))


def test_running_card_of_before_a_restart_shows_no_stale_progress() -> None:
    said = texts(drawn(make_job(state=State.RUNNING, progress_done=40, progress_total=80), interrupted=True))
    assert "I was restarted" in said
    assert "50%" not in said


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING])
def test_card_at_its_last_edit_says_where_the_result_comes(state: State) -> None:
    card = drawn(make_job(state=state, private=True, progress_done=40, progress_total=80), last_edit=True)
    assert "comes as a direct message" in texts(card)
    assert "50%" not in texts(card)
    assert "Cancel" in labels(card)


def test_running_card_that_is_being_cancelled_says_so_and_cannot_be_cancelled_twice() -> None:
    card = drawn(make_job(state=State.RUNNING, cancel_requested=True))
    assert "Stopping" in texts(card)
    assert next(one for one in card if one.get("label") == "Cancel")["disabled"]


def test_done_card_shows_pictures_with_alt_text_seed_model_time_and_cost() -> None:
    job = make_job(state=State.DONE, charged=4, started_at=NOON, ended_at=NOON.replace(second=12))
    card = drawn(job, pictures=PICTURES)
    assert "seed 7 – 10 · `tiny` · 12 s · 4 credits" in texts(card)
    gallery = next(one for one in card if one["type"] == 12)
    assert [item["description"] for item in gallery["items"]] == [picture.alt for picture in PICTURES]
    assert labels(card) == ["Remix", "Favourite", "Re-roll", "More"]


def test_done_card_says_what_was_not_understood() -> None:
    plain = texts(drawn(make_job(state=State.DONE, outcome={"notes": []}), pictures=PICTURES))
    noted = texts(
        drawn(make_job(state=State.DONE, outcome={"notes": ["nothing known", "prompt was cut"]}), pictures=PICTURES)
    )
    weighted = make_job(state=State.DONE, outcome={"notes": ["weights had no effect", "parts had no effect"]})
    assert "left out" not in plain
    assert "left out" in noted
    assert "names none" in noted
    assert "Weights such as `(word:1.2)` had no effect" in texts(drawn(weighted, pictures=PICTURES))
    assert "`::` had no effect" in texts(drawn(weighted, pictures=PICTURES))


def test_done_card_says_which_parameters_changed_nothing() -> None:
    request = to_json(replace(REQUEST, negative="text", parameters=("--no text", "--raw", "--hd")))
    outcome = {"notes": ["negative had no effect"]}
    said = texts(drawn(make_job(state=State.DONE, request=request, outcome=outcome), pictures=PICTURES))
    assert "`--no` had no effect" in said
    assert "`--raw` is how I always draw" in said
    assert "press **U** and its number" in said


def test_failed_card_says_why_and_that_it_cost_nothing() -> None:
    said = texts(drawn(make_job(state=State.FAILED, error_code="out_of_memory")))
    assert "memory" in said
    assert "4 credits refunded" in said


def test_card_that_is_a_message_of_its_own_mentions_its_requester() -> None:
    assert texts(drawn(make_job(state=State.DONE), pictures=PICTURES, mention=True)).startswith("<@11> your result")


@pytest.mark.parametrize("state", list(State))
def test_every_button_carries_the_jobs_id(state: State) -> None:
    ids = [one["custom_id"] for one in drawn(make_job(state=state)) if one["type"] == 2]
    assert ids
    assert all(one.endswith(make_job().id) for one in ids)


def test_card_of_the_worst_prompt_keeps_the_platforms_limits() -> None:
    request = {**to_json(REQUEST), "prompt": "``` @everyone [x](http://y) " * 60}
    components = drawn(make_job(state=State.DONE, request=request), pictures=PICTURES * 2)
    assert len(components) <= 40
    assert len(texts(components)) <= 4000
    assert texts(components).count("```") == 2


def test_lists_at_their_longest_keep_the_platforms_limits() -> None:
    worst = {**to_json(REQUEST), "prompt": "``` @everyone [x](http://y) " * 60}
    jobs = [make_job(id=f"{i:026d}", state=State.DONE, request=worst) for i in range(9)]
    many_subjects = [subject(i) for i in range(30)]
    many = SearchResult([make_job(id=f"{i:026d}", request=worst, private=True) for i in range(30)], None, many_subjects)
    waiting = [QueuedJob(job, QueuePosition(ahead=1, ahead_credits=1), 5.0) for job in jobs]
    found = found_card(Shown(Target.member(11), 7), many)
    for view in (queue_card(waiting), history_card(history_page(jobs)), found, models_card(CATALOGUE)):
        assert view.total_children_count <= 40
        assert view.content_length() <= 4000


def test_queue_says_how_long_a_running_job_will_take() -> None:
    job = make_job(state=State.RUNNING, progress_done=40, progress_total=80)
    place = QueuePosition(ahead=0, ahead_credits=0)
    assert "▰▰▰▰▰▰▱▱▱▱▱▱ about 20 s left · 4 credits" in texts(
        all_components(sent(queue_card([QueuedJob(job, place, 18.0)])))
    )
    assert "left" not in texts(all_components(sent(queue_card([QueuedJob(job, place, None)]))))


def test_history_counts_from_when_a_job_was_asked_for_as_it_is_sorted() -> None:
    job = make_job(state=State.DONE, queued_at=NOON, ended_at=NOON.replace(hour=20))
    assert f"<t:{NOON.timestamp():.0f}:R>" in texts(all_components(sent(history_card(history_page([job])))))


def test_models_card_shows_the_licence() -> None:
    assert "[OpenRAIL-M](<https://example.org/licence>)" in json.dumps(sent(models_card(CATALOGUE)))


def test_info_of_the_longest_request_fits_into_a_message() -> None:
    request = {**to_json(REQUEST), "prompt": "p" * 1000, "negative": "n" * 1000}
    said = info_text(JOB_KINDS[Kind.IMAGE], make_job(request=request, source_job_id="0" * 26), CATALOGUE)
    assert len(said) <= 2000
    assert "Seed: 7" in said
    assert said.count("```") == 2


WITH_SUBJECT = {
    **to_json(REQUEST), "prompt": "pnjm monster on a boat",
    "typed": "Zog on a boat", "parameters": ["--subject Zog", "--ar 3:2"],
    "subjects": [{"subject_id": "0" * 26, "weight": 1.0, "trigger": "pnjm monster"}],
}  # fmt: skip


@pytest.mark.parametrize(
    "request_", [WITH_SUBJECT, {**WITH_SUBJECT, "typed": "", "parameters": []}], ids=["kept", "0.1"]
)
def test_what_was_typed_is_shown_and_never_the_trigger(request_: dict[str, object]) -> None:
    job = make_job(state=State.DONE, request=request_)
    shown = [
        texts(drawn(job, pictures=PICTURES)),
        json.dumps(sent(history_card(history_page([job])))),
        json.dumps(sent(queue_card([QueuedJob(job, QueuePosition(ahead=0, ahead_credits=0), None)]))),
        info_text(JOB_KINDS[Kind.IMAGE], job, CATALOGUE),
    ]
    words = "Zog on a boat" if request_["typed"] else "monster on a boat"
    assert all(words in one and "pnjm" not in one for one in shown)
    assert ("--subject Zog --ar 3:2" in shown[0]) is bool(request_["typed"])


def test_parameters_behind_the_longest_prompt_are_still_seen() -> None:
    request = {**to_json(REQUEST), "prompt": "a red heart " * 80, "parameters": ["--ar 3:2"]}
    assert " … --ar 3:2" in texts(drawn(make_job(request=request))).replace("…", " …")


def test_info_speaks_of_the_finished_pictures() -> None:
    assert "Size: 512x512" in info_text(JOB_KINDS[Kind.IMAGE], make_job(), CATALOGUE)


def test_job_without_pictures_can_be_tried_again() -> None:
    for state in (State.FAILED, State.CANCELLED):
        card = drawn(make_job(state=state))
        assert labels(card) == ["Try again", "Edit prompt", "Info", "Delete"]
        assert f"job:again:{make_job().id}" in [one.get("custom_id") for one in card]


def test_vocabulary_is_counted_on_the_models_card_and_leafed_through_whole() -> None:
    nouns = {f"{chr(97 + i % 26)}noun{i}" for i in range(500)}
    vocabulary = Vocabulary(frozenset(nouns))
    catalogue = Catalogue(images=(TINY,), speech=(), vocabularies={"tiny": vocabulary})
    assert "500 words" in json.dumps(sent(models_card(catalogue)))
    pages = [vocabulary_card("tiny", vocabulary, page) for page in range(len(vocabulary_pages(vocabulary)))]
    assert 2 <= len(pages) <= 5
    assert nouns <= set(re.findall(r"\w+", " ".join(texts(all_components(sent(page))) for page in pages)))
    assert all(page.content_length() <= 4000 for page in pages)


def test_vocabulary_of_any_size_keeps_the_platforms_limits() -> None:
    for count in (1, 40_000):
        vocabulary = Vocabulary(frozenset(f"noun{i}" for i in range(count)))
        assert vocabulary_card("tiny", vocabulary, 4).content_length() <= 4000


def test_card_of_pictures_that_cost_more_says_what_one_does() -> None:
    job = make_job(state=State.DONE, price=8, charged=8)
    assert "8 credits (2 a picture)" in texts(drawn(job, pictures=PICTURES))
    running = make_job(state=State.RUNNING, price=8, progress_done=40, progress_total=80)
    assert "8 credits (2 a picture)" in texts(drawn(running))
    assert "a picture" not in texts(drawn(make_job(state=State.DONE, charged=4), pictures=PICTURES))
