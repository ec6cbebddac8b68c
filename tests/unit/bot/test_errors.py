"""Every error has a sentence, and none of them frightens."""

import pytest

from bot.features.history.jobs import NothingWaits
from bot.shared.discord.explain import failure_sentence, sentence
from bot.shared.errors import BadParameter, NotYours
from db.errors import NotEnoughCredits, StoreBusy, TooManyQueued
from db.queue.job import State
from inference.errors import AdapterRejected, UnknownModel
from inference.messages import FailureKind
from tests.support.bot.jobs import NOON, make_job

UNKNOWN = failure_sentence(make_job(state=State.FAILED, error_code="never heard of"))


@pytest.mark.parametrize("kind", [*FailureKind, "poison", "abandoned"])
def test_every_kind_of_failure_has_a_sentence_of_its_own(kind: str) -> None:
    said = failure_sentence(make_job(state=State.FAILED, error_code=str(kind), error_text="torch.cuda"))
    assert said != UNKNOWN
    assert kind == FailureKind.BAD_INPUT or "torch" not in said


def test_not_enough_credits_says_price_rest_and_when() -> None:
    said = sentence(NotEnoughCredits(available=3, price=8, renews_at=NOON))
    assert said is not None
    assert "8 credits" in said
    assert "3 left" in said
    assert f"<t:{int(NOON.timestamp())}:R>" in said


@pytest.mark.parametrize(
    "error",
    [TooManyQueued(limit=3), StoreBusy(), BadParameter("no"), NotYours(), NothingWaits(), UnknownModel()],
    ids=lambda error: type(error).__name__,
)
def test_foreseen_errors_have_a_sentence(error: Exception) -> None:
    assert sentence(error)


def test_sentence_of_an_operators_error_tells_no_details() -> None:
    said = sentence(AdapterRejected("/srv/secret.safetensors is wrong"))
    assert said is not None
    assert "/srv" not in said


def test_unforeseen_errors_have_none() -> None:
    assert sentence(ZeroDivisionError()) is None
