"""What the card of a transcript shows in each state."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.features.voice.transcripts import SHOWN_MAX, transcript_files
from bot.job_kinds import JOB_KINDS
from bot.shared.cards.job import info_text, job_card
from bot.shared.cards.job_kind import CardContent
from bot.shared.discord.explain import failure_sentence
from bot.shared.text.formatting import first_part, last_part, plainly
from db.queue.job import Job, State
from inference.messages import FailureKind
from inference.requests import Kind, TranscribeRequest, to_json
from tests.support.bot.cards import drawn, labels, sent, texts
from tests.support.bot.catalogues import CATALOGUE
from tests.support.bot.jobs import make_job

REQUEST = TranscribeRequest(audio="uploads/7/clip", duration_s=12.0, model="hears", speaker_id=12)
TEXT_MAX = 4000  # characters on one message, of the platform


def outcome(text: str = "Good morning.", **changes: Any) -> dict[str, Any]:
    segments = [{"start": 0.0, "end": 2.0, "text": text}]
    return {"text": text, "language": "en", "language_probability": 0.5, "segments": segments, **changes}


def clip_job(request: TranscribeRequest = REQUEST, **changes: Any) -> Job:
    return make_job(**{"kind": "transcribe", "request": to_json(request), "model": "hears", "price": 1, **changes})


def done(text: str = "Good morning.", request: TranscribeRequest = REQUEST) -> Job:
    return clip_job(request, state=State.DONE, charged=1, outcome=outcome(text))


def test_done_card_quotes_the_speaker_with_language_duration_and_price() -> None:
    text = texts(drawn(done()))
    assert text.startswith("🎙️ **<@12>**\n> Good morning.")
    assert "English (50% sure) · 12 s · `hears` · 1 credit · requested by <@11>" in text


def test_done_card_of_english_offers_no_translation_to_it() -> None:
    card = drawn(done())
    assert labels(card) == ["Imagine this", "Subtitles and times", "Info", "Delete"]


@pytest.mark.parametrize(("translate", "offered"), [(False, 24), (True, 25)])
def test_menu_of_other_languages_leaves_out_the_one_of_the_text(translate: bool, offered: int) -> None:
    request = TranscribeRequest(audio="uploads/7/clip", duration_s=12.0, model="hears", translate=translate)
    menu = next(one for one in drawn(done(request=request)) if one["type"] == 3)
    codes = [option["value"] for option in menu["options"]]
    assert len(codes) == offered
    assert ("en" in codes) is translate


def test_done_card_of_a_chosen_language_is_not_asked_how_sure_it_is() -> None:
    request = TranscribeRequest(audio="uploads/7/clip", duration_s=12.0, model="hears", language="en")
    assert "sure" not in texts(drawn(done(request=request)))


def test_forgotten_text_can_only_be_asked_about_and_deleted() -> None:
    card = drawn(clip_job(state=State.DONE, charged=1))
    assert "no longer have" in texts(card)
    assert labels(card) == ["Info", "Delete"]


def test_running_card_shows_the_latest_words() -> None:
    job = clip_job(state=State.RUNNING, progress_done=1, progress_total=4, preview=1)
    words = " ".join(str(number) for number in range(1000))
    text = texts(drawn(job, words=words))
    assert "25%" in text
    assert "1 of 4 parts done" in text
    assert "> … " in text
    assert "998 999\n" in text
    assert " 500 " not in text


def test_info_of_a_transcript_says_how_it_was_heard() -> None:
    request = TranscribeRequest(audio="a", duration_s=12.0, model="hears", language="de", translate=True)
    said = info_text(JOB_KINDS[Kind.TRANSCRIBE], clip_job(request, source_job_id="0" * 26), CATALOGUE)
    assert "Clip: 12 s, Model: hears, Language: German, translated to English" in said
    assert "transcribed again from" in said


def test_queued_card_names_the_speaker_and_can_be_cancelled() -> None:
    card = drawn(clip_job())
    assert "<@12>" in texts(card)
    assert labels(card) == ["Cancel", "Info"]


@pytest.mark.parametrize("kind", FailureKind)
def test_failure_of_a_clip_is_told_kindly_and_without_pictures(kind: FailureKind) -> None:
    job = clip_job(state=State.FAILED, error_code=str(kind), error_text="That is longer than 30 min, the limit.")
    said = failure_sentence(job)
    assert said.endswith((".", "`."))
    assert "picture" not in said
    assert "seed" not in said


def test_files_hold_the_times_of_words_where_they_were_asked_for() -> None:
    segment = {"start": 0.0, "end": 1.0, "text": "Hi.", "words": [{"start": 0.0, "end": 1.0, "text": " Hi.", "p": 0.9}]}
    job = clip_job(state=State.DONE, outcome=outcome(segments=[segment]))
    files = {file.name: file.content for file in transcript_files(job, 10_000)}
    assert json.loads(files["words.json"]) == [segment]
    assert sorted(files) == ["transcript.srt", "transcript.txt", "transcript.vtt", "words.json"]


def test_card_says_what_only_its_files_hold() -> None:
    timed = TranscribeRequest(audio="uploads/7/clip", duration_s=12.0, model="hears", word_timestamps=True)
    assert "The full transcript is in the files." in texts(drawn(done("word " * SHOWN_MAX)))
    assert "The time of each word is in the files." in texts(drawn(done(request=timed)))
    assert "files" not in texts(drawn(done()))
    assert "files" not in texts(drawn(clip_job(timed, state=State.DONE)))  # forgotten


def test_files_that_the_platform_would_not_take_are_left_out() -> None:
    assert transcript_files(done("long " * 100), 50) == ()


@given(st.text(max_size=3 * SHOWN_MAX))
def test_card_of_any_text_fits_the_platform(text: str) -> None:
    timed = TranscribeRequest(audio="a", duration_s=1.0, model="hears", word_timestamps=True)
    for request, shown in ((REQUEST, False), (REQUEST, True), (timed, False)):
        content = CardContent(mention=True, timed=shown)
        card = sent(job_card(JOB_KINDS[Kind.TRANSCRIBE], done(text, request), content))
        assert len(texts(card[0]["components"])) <= TEXT_MAX


@given(st.text(alphabet="@<>!&#:*_~`|[]()-+.1\\ \nevryonh\u202e", max_size=60))
def test_words_are_shown_as_they_are(words: str) -> None:
    shown = plainly(words)
    assert "@everyone" not in shown
    assert "@here" not in shown
    assert "\n" not in shown
    assert "\u202e" not in shown
    at = 0
    while at < len(shown):  # as the platform reads it: a backslash takes the meaning of what follows
        if shown[at] == "\\":
            at += 2
            continue
        assert shown[at] not in "*_~`|<>[]"
        at += 1
    assert not shown.startswith(("-", "+", "#"))


@given(st.text(max_size=300), st.integers(20, 120))
def test_parts_of_a_text_are_within_their_limit(text: str, limit: int) -> None:
    assert len(first_part(text, limit)) <= limit + 1
    assert len(last_part(text, limit)) <= limit + 1
    if len(text) <= limit:
        assert first_part(text, limit) == last_part(text, limit) == text


def test_first_part_ends_with_a_sentence_and_last_part_begins_with_a_word() -> None:
    assert first_part("One two three. Four five six. Seven.", 24) == "One two three. …"
    assert first_part("He was young. And Mr. John Dashwood had leisure.", 24) == "He was young. …"
    assert last_part("One two three. Four five six. Seven.", 16) == "… six. Seven."
