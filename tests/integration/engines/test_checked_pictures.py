"""Finished pictures come with what the checkers found of them, drawn or enlarged, and others are drawn meanwhile."""

from pathlib import Path

import pytest

from inference.catalogue import ImageModel
from inference.checks import PictureCheck, check_of
from inference.engines.checker.checkers import PictureCheckers
from inference.engines.checker.classifier import PictureClassifier
from inference.engines.image.models.loading import ModelCache
from inference.errors import ModelUnusable
from inference.messages import Finished, JobEvent, Output, Progress
from inference.requests import InitPicture
from tests.support.engines.checkers import check_all, checker_spec, told_checkers, write_vit
from tests.support.engines.harness import EngineHarness, make_request, open_picture
from tests.support.engines.upscaling import UpscaleHarness, noise, png, upscaler_spec, write_compact
from tests.support.fakes.requests import upscale_request
from tests.support.files.photos import encoded, picture


def checks(events: list[JobEvent]) -> list[PictureCheck | None]:
    return [check_of(event.meta) for event in events if isinstance(event, Output)]


def test_pictures_come_with_their_own_scores(tmp_path: Path, sd_spec: ImageModel, models: ModelCache) -> None:
    checkers = PictureCheckers([checker_spec(write_vit(tmp_path / "looks"), labels={"nsfw": 0.4})], "cpu")
    harness = EngineHarness(sd_spec, models=models, checkers=checkers)
    harness.admit("a", make_request(count=3))
    harness.admit("b", make_request(seed=50))
    harness.finish()
    for job in ("a", "b"):
        outcome = harness.jobs[job]
        found = checks(outcome.events)
        outputs = [event for event in outcome.events if isinstance(event, Output)]
        assert found == check_all(checkers, [open_picture(one.content).astype("uint8") for one in outputs])
        assert isinstance(outcome.last, Finished)
    harness.close()
    checkers.close()


def test_without_checkers_pictures_say_nothing(sd_spec: ImageModel, models: ModelCache) -> None:
    harness = EngineHarness(sd_spec, models=models, checkers=PictureCheckers([], "cpu"))
    assert checks(harness.draw(make_request()).events) == [None]
    harness.close()


def test_checker_that_cannot_be_loaded_is_said_with_each_picture(sd_spec: ImageModel, models: ModelCache) -> None:
    def load(*_: object) -> PictureClassifier:
        raise ModelUnusable("told to")

    harness = EngineHarness(sd_spec, models=models, checkers=PictureCheckers([checker_spec("/none")], "cpu", load=load))
    assert checks(harness.draw(make_request(count=2)).events) == [PictureCheck(failed=True)] * 2
    harness.close()


def test_others_are_drawn_while_a_checker_is_loaded(sd_spec: ImageModel, models: ModelCache) -> None:
    checkers = told_checkers(lambda _: 1.0)
    there = checkers.load(checkers.specs[0])
    there.result()
    late = type(there)()  # a load that takes as long as this test wants
    checkers.load = lambda spec: late  # type: ignore[method-assign]
    harness = EngineHarness(sd_spec, models=models, checkers=checkers)
    harness.admit("first", make_request(steps=1))
    harness.step_until(lambda: any(isinstance(event, Progress) for event in harness.jobs["first"].events))
    harness.admit("second", make_request(steps=5))
    harness.step_until(lambda: any(event == Progress("second", 1, 5, 5) for event in harness.jobs["second"].events))
    harness.step(5)
    assert not any(isinstance(event, Output | Finished) for job in harness.jobs.values() for event in job.events)
    late.set_result(there.result())
    harness.finish()
    for job in harness.jobs.values():
        assert [check.flags for check in checks(job.events) if check] == [("nsfw",)]
    harness.close()
    checkers.close()


def test_cancelled_job_leaves_nothing_to_be_checked(sd_spec: ImageModel, models: ModelCache) -> None:
    checkers = told_checkers(lambda _: 1.0)
    harness = EngineHarness(sd_spec, models=models, checkers=checkers)
    harness.admit("gone", make_request(steps=1, count=4))
    harness.step_until(lambda: any(isinstance(event, Progress) for event in harness.jobs["gone"].events))
    harness.engine.cancel("gone")
    assert not harness.engine.busy()
    assert checks(harness.draw(make_request(steps=1)).events)[0] is not None
    harness.close()
    checkers.close()


@pytest.mark.parametrize(("score", "flags"), [(0.9, ("nsfw", "gore")), (0.1, ("gore",))])
def test_enlarged_pictures_are_checked_and_keep_the_flags_of_what_they_were_made_from(
    tmp_path: Path, score: float, flags: tuple[str, ...]
) -> None:
    checkers = told_checkers(lambda _: score)
    harness = UpscaleHarness(upscaler_spec(write_compact(tmp_path / "tiny.safetensors")), checkers=checkers)
    harness.admit("a", upscale_request(40, 40, flags=("gore",)), png(noise(40, 40)))
    harness.admit("b", upscale_request(40, 40), png(noise(40, 40)))
    harness.finish()
    (first,), (second,) = checks(harness.events["a"]), checks(harness.events["b"])
    assert first is not None
    assert second is not None
    assert first.flags == flags
    assert second.flags == flags[:-1]
    assert second.scores == {"looks": {"nsfw": score}}
    harness.close()
    checkers.close()


def test_enlarged_picture_keeps_flags_without_a_checker(tmp_path: Path) -> None:
    harness = UpscaleHarness(upscaler_spec(write_compact(tmp_path / "tiny.safetensors")))
    harness.admit("a", upscale_request(40, 40, flags=("gore",)), png(noise(40, 40)))
    harness.finish()
    assert checks(harness.events["a"]) == [PictureCheck(flags=("gore",))]
    harness.close()


def test_picture_keeps_the_flags_of_the_one_it_was_drawn_from(sd_spec: ImageModel, models: ModelCache) -> None:
    start = encoded(picture())
    init = InitPicture(key="start", strength=0.5, flags=("gore",))
    found = []
    for checkers in (PictureCheckers([], "cpu"), told_checkers(lambda _: 1.0)):
        harness = EngineHarness(sd_spec, models=models, checkers=checkers)
        harness.admit("a", make_request(init=init), {"picture": start})
        harness.finish()
        found += [check.flags for check in checks(harness.jobs["a"].events) if check]
        harness.close()
        checkers.close()
    assert found == [("gore",), ("nsfw", "gore")]
