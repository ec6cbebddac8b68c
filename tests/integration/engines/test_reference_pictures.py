"""Pictures that a prompt speaks of: what is drawn with them is diffusers', whoever shares passes."""

from typing import Any

import numpy as np
import pytest

from inference.families import FAMILIES
from inference.messages import FailureKind
from inference.requests import ImageRequest, InitPicture, from_json, to_json
from tests.support.engines.flow import CASES, Tried
from tests.support.engines.harness import EngineHarness, assert_same, make_request
from tests.support.engines.init_pictures import picture_of
from tests.support.files.photos import bomb, encoded, picture


def referring(tried: Tried, *references: str, **fields: Any) -> ImageRequest:
    return make_request(references=references, **{"guidance": tried.case.guidances[1], "steps": 2, **fields})


sees = pytest.mark.parametrize(
    "tried", [name for name, case in CASES.items() if FAMILIES[case.family].references_max], indirect=True
)


@sees
@pytest.mark.parametrize("references", [("1",), ("2",), ("2", "1")])
def test_picture_with_references_equals_diffusers(tried: Tried, references: tuple[str, ...]) -> None:
    harness = tried.harness()
    request = referring(tried, *references, width_px=32)
    assert_same(
        harness.draw(request, picture_of(request)).pictures["picture-1.png"], tried.reference.picture(request, 0)
    )
    harness.close()


@sees
@pytest.mark.parametrize("init", [{}, {"mask": "left"}])
def test_picture_that_begins_from_one_and_speaks_of_another_equals_diffusers(
    tried: Tried, init: dict[str, Any]
) -> None:
    harness = tried.harness()
    request = referring(tried, "2", init=InitPicture(key="1", strength=0.5, **init))
    assert_same(
        harness.draw(request, picture_of(request)).pictures["picture-1.png"], tried.reference.picture(request, 0)
    )
    harness.close()


@sees
def test_lanes_share_passes_only_with_references_of_the_same_sizes(tried: Tried) -> None:
    harness = tried.harness()
    asked = [referring(tried, *keys, seed=seed) for seed, keys in enumerate(((), ("1",), ("1",), ("2",)))]
    for number, request in enumerate(asked):
        harness.admit(str(number), request, picture_of(request))
    jobs = list(harness.engine._jobs.values())
    harness.step_until(lambda: all(job.lanes for job in jobs))
    assert len({job.group for job in jobs}) == 3
    harness.finish()
    for number, request in enumerate(asked):
        assert_same(harness.jobs[str(number)].pictures["picture-1.png"], tried.reference.picture(request, 0))
    harness.close()


@sees
def test_picture_depends_on_its_references_and_their_order(tried: Tried) -> None:
    """Else it would be no wonder that pictures are equal."""
    harness = tried.harness()
    asked = [referring(tried, *keys) for keys in ((), ("1",), ("2",), ("1", "2"), ("2", "1"))]
    drawn = [harness.draw(one, picture_of(one)).pictures["picture-1.png"] for one in asked]
    apart = [[int(np.abs(one - other).max()) for other in drawn[:index]] for index, one in enumerate(drawn)]
    assert min(min(row) for row in apart[1:]) > 1, apart  # more than pictures may differ that are the same
    harness.close()


@sees
def test_large_reference_is_made_small_as_diffusers_does(tried: Tried) -> None:
    large = picture(3, 1500, 1000)
    harness = tried.harness()
    harness.admit("only", referring(tried, "1", steps=1), {"reference-0": encoded(large)})
    job = harness.engine._jobs["only"]
    harness.step_until(lambda: job.reading is not None and job.reading.done())
    assert job.reading is not None
    (read,) = job.reading.result().references
    processor = tried.reference.processor
    assert np.array_equal(np.asarray(read), np.asarray(processor._resize_to_target_area(large, 1 << 20)))
    harness.engine.cancel("only")
    harness.close()


def test_family_that_cannot_be_shown_pictures_says_so(harness: EngineHarness) -> None:
    request = make_request(references=("1",))
    failed = harness.draw(request, picture_of(request)).failed
    assert failed.failure is FailureKind.BAD_INPUT
    assert failed.message == "tiny can't edit an `image` by words. Please choose another `model`."


@sees
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "did not come"),
        (b"a list of things to buy", "can't be read"),
        (bomb(30_000, 30_000), "larger than 16 megapixels"),
        (encoded(picture(width=64, height=60)), "too small: both sides need at least 64 px"),
        (encoded(picture(width=640, height=64)), "crop it to at most 8:1"),
    ],
)
def test_reference_that_cannot_be_used_is_refused_with_a_sentence(tried: Tried, content: bytes, sentence: str) -> None:
    harness = tried.harness()
    failed = harness.draw(referring(tried, "1"), {"reference-0": content}).failed
    assert (failed.failure, failed.retry) == (FailureKind.BAD_INPUT, False)
    assert sentence in failed.message
    harness.close()


@sees
def test_more_references_than_the_family_reads_are_refused(tried: Tried) -> None:
    harness, most = tried.harness(), FAMILIES[tried.case.family].references_max
    request = referring(tried, *("1",) * (most + 1))
    assert f"at most {most} pictures" in harness.draw(request, picture_of(request)).failed.message
    harness.close()


def test_references_are_kept_with_the_request() -> None:
    request = make_request(references=("uploads/1/picture",))
    assert from_json(to_json(request)) == request
    assert request.brought == ("uploads/1/picture",)
