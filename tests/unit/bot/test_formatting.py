"""What members write is shown as it is, wherever it is shown: no link, mention or formatting of theirs is rendered."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from discord import AppCommandOptionType
from discord.app_commands import Transformer, TransformerError

from bot.features.history.cards import cancelled_text, queue_card
from bot.features.history.gallery import history_card
from bot.features.history.jobs import QueuedJob
from bot.features.history.search import HistorySearch
from bot.features.operator.admin import SearchResult
from bot.features.operator.cards import log_text, removal_text, removed_text, words_text
from bot.features.operator.finding import found_card
from bot.features.operator.shown import Shown
from bot.features.train.job_card import done_text
from bot.features.train.photo_sets import PhotoSet
from bot.features.train.preflight import preflight_card
from bot.features.train.subject_card import subject_card
from bot.features.train.subjects_card import subjects_card
from bot.features.train.training import TrainingOptions, TrainingOrderRequest
from bot.job_kinds import JOB_KINDS
from bot.shared.cards.job import info_text, job_card
from bot.shared.cards.job_kind import CardContent
from bot.shared.discord.explain import sentence
from bot.shared.errors import Refused
from bot.shared.files.photos import Photo
from bot.shared.orders.accept import check_request
from bot.shared.orders.order_request import PhotosQuote
from bot.shared.policy import check_words
from db.errors import NameTaken
from db.moderation.audit_log import AuditEntry, LoggedEntry
from db.moderation.decisions import Decision
from db.moderation.targets import Target, TargetKind
from db.queue.fair_order.position import QueuePosition
from db.queue.job import State
from inference.decoders.photos import Verdict
from inference.requests import Kind, TrainRequest, to_json
from tests.support.bot.cards import all_components, history_page, sent, subject, texts
from tests.support.bot.catalogues import CATALOGUE
from tests.support.bot.contexts import POLICY, make_context
from tests.support.bot.jobs import NOON, REQUEST, make_job
from tests.support.fakes.requests import image_request

REX = Target(TargetKind.SUBJECT, "s" * 26)
HOSTILE = ("[here](https://evil.example)", "`[here](https://evil.example)", "``` **evil** ```", "<@5> evil ` @everyone")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)


def shown(view: Any) -> str:
    return view if isinstance(view, str) else texts(all_components(sent(view)))


def training(text: str, **changes: Any) -> Any:
    request = TrainRequest(
        subject_id="s" * 26, name=text, class_noun=text, trigger="zkv", model="tiny", photos=("a",), steps=20, rank=4,
        learning_rate=1e-4, seed=1, preview_every=5, keep_photos=False,
    )  # fmt: skip
    return make_job(kind="train", request=to_json(request), **changes)


def preflight(text: str) -> PhotosQuote:
    options = TrainingOptions(name=text, class_noun=text, model="tiny", steps=20)
    photos = PhotoSet(id="d" * 26, hashes=("a", "b", "c"))
    looked_at = (Photo(verdict=Verdict.GOOD, sha256="a"),) * 3
    asked = TrainingOrderRequest(options=options, photos=photos, looked_at=looked_at)
    return PhotosQuote(
        id=photos.id, order_request=asked, price=1, available=9, expected_s=None, renews_at=NOON, relaxed=False
    )


def refused(text: str) -> str:
    policy = replace(POLICY, words=(Decision("x", text),))
    with pytest.raises(Exception, match="is blocked here") as caught:
        check_words(text, policy)
    return str(caught.value)


@pytest.mark.parametrize("prompt", ["a b(u:1)nny", "a b(u)nny", r"a bunny \(", "a [bunny]"])
def test_blocked_word_with_weights_in_it_is_found(prompt: str) -> None:
    context = make_context(policy=replace(POLICY, words=(Decision("x", "bunny"),)))
    with pytest.raises(Refused, match="is blocked here"):
        check_request(CATALOGUE, image_request(prompt, model="tiny"), context)


def drawing(text: str, **changes: Any) -> Any:
    return make_job(request=to_json(replace(REQUEST, prompt=text, negative=text)), **changes)


DONE: dict[str, Any] = {"state": State.DONE, "ended_at": NOON, "started_at": NOON}
PLACES: dict[str, Callable[[str], Any]] = {
    "overview": lambda text: subjects_card([(subject(name=text, class_noun=text), None)], 1),
    "subject": lambda text: subject_card(subject(name=text, class_noun=text), [], in_guild=True, pictured=False),
    "preflight": lambda text: preflight_card(preflight(text)),
    "training": lambda text: job_card(JOB_KINDS[Kind.TRAIN], training(text), CardContent()),
    "trained": lambda text: job_card(JOB_KINDS[Kind.TRAIN], training(text, **DONE), CardContent()),
    "drawn": lambda text: job_card(JOB_KINDS[Kind.IMAGE], drawing(text, **DONE), CardContent()),
    "info": lambda text: info_text(JOB_KINDS[Kind.IMAGE], drawing(text), CATALOGUE),
    "history": lambda text: history_card(history_page([drawing(text, **DONE), training(text, **DONE)])),
    "searched": lambda text: history_card(history_page([], search=HistorySearch(words=text, subject=text))),
    "queue": lambda text: queue_card([QueuedJob(training(text), QueuePosition(ahead=1, ahead_credits=1), None)]),
    "cancelled": lambda text: cancelled_text(training(text, state=State.CANCELLED)),
    "chosen": lambda text: done_text(training(text), CardContent(chosen=20)),
    "found": lambda text: found_card(Shown(REX), SearchResult([drawing(text), training(text)], subject(name=text))),
    "removal": lambda text: removal_text(Target(TargetKind.JOB, "x"), SearchResult([drawing(text)])),
    "removal of a subject": lambda text: removal_text(REX, SearchResult([], subject(name=text))),
    "removed": lambda text: removed_text(SearchResult([], subject(name=text)), 1),
    "words": lambda text: words_text([Decision("x", text)]),
    "name taken": lambda text: sentence(NameTaken(text)),
    "word": refused,
    "option": lambda text: sentence(TransformerError(text, AppCommandOptionType.string, Transformer())),
}


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("place", PLACES)
def test_members_words_stand_in_code_only(place: str, text: str) -> None:
    said = shown(PLACES[place](text))
    assert "evil" in said.replace("\u200b", "")
    assert "evil" not in CODE.sub("", said)


def test_reasons_of_operators_are_no_formatting() -> None:
    act = AuditEntry(guild_id=1, by_user=2, what="ban", target=Target(TargetKind.WORD, HOSTILE[0]), reason=HOSTILE[0])
    said = log_text([LoggedEntry(act, NOON)])
    assert "\\[here\\](https" in CODE.sub("", said)
