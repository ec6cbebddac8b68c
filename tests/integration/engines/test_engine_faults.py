"""What goes wrong with one job leaves its neighbours' pictures as they were."""

from pathlib import Path
from typing import Any

import pytest
import torch

from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.models.loading import ModelCache
from inference.messages import FailureKind, Finished, Output, Progress
from inference.requests import SubjectUse, TranscribeRequest
from tests.support.engines.harness import EngineHarness, Outcome, assert_same, make_request
from tests.support.tiny_adapters import make_adapter
from tests.support.tiny_models import make_spec

QUIET = make_request(seed=7, steps=6)


@pytest.fixture(scope="module")
def undisturbed(sd_folder: Path, models: ModelCache) -> Outcome:
    """What `QUIET` looks like alone."""
    harness = EngineHarness(make_spec(sd_folder), models=models)
    outcome = harness.draw(QUIET)
    harness.close()
    return outcome


def assert_quiet_is_undisturbed(harness: EngineHarness, undisturbed: Outcome) -> None:
    drawn = harness.jobs["quiet"].pictures["picture-1.png"]
    assert_same(drawn, undisturbed.pictures["picture-1.png"])


def raising_above(forward: Any, rows: int, error: Exception) -> Any:
    def limited(sample: torch.Tensor, *args: Any, **options: Any) -> Any:
        if sample.shape[0] > rows:
            raise error
        return forward(sample, *args, **options)

    return limited


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("no memory"), RuntimeError("something odd")])
def test_pass_that_fails_is_tried_with_fewer_lanes(
    harness: EngineHarness,
    sd_model: LoadedModel,
    undisturbed: Outcome,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    monkeypatch.setattr(sd_model.core, "forward", raising_above(sd_model.core.forward, 4, error))
    harness.admit("quiet", QUIET)
    harness.admit("large", make_request(count=6))
    harness.finish()
    assert_quiet_is_undisturbed(harness, undisturbed)
    assert len(harness.jobs["large"].pictures) == 6
    assert isinstance(harness.jobs["large"].last, Finished)


def really_full(forward: Any, rows: int) -> Any:
    def limited(sample: torch.Tensor, *args: Any, **options: Any) -> Any:
        if sample.shape[0] > rows:
            torch.empty(1 << 60, dtype=torch.uint8)  # no machine has as much
        return forward(sample, *args, **options)

    return limited


def test_machine_without_memory_draws_fewer_at_once_and_says_what_it_lacks(
    harness: EngineHarness, sd_model: LoadedModel, undisturbed: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = sd_model.core.forward
    monkeypatch.setattr(sd_model.core, "forward", really_full(forward, 4))
    harness.admit("quiet", QUIET)
    harness.admit("large", make_request(count=6))
    harness.finish()
    assert_quiet_is_undisturbed(harness, undisturbed)
    assert len(harness.jobs["large"].pictures) == 6
    monkeypatch.setattr(sd_model.core, "forward", really_full(forward, 1))
    harness.admit("guided", make_request())
    harness.finish()
    assert harness.jobs["guided"].failed.failure is FailureKind.OUT_OF_MEMORY


def test_single_lane_that_does_not_fit_fails_with_out_of_memory(
    harness: EngineHarness, sd_model: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = torch.OutOfMemoryError("no memory")
    monkeypatch.setattr(sd_model.core, "forward", raising_above(sd_model.core.forward, 1, error))
    harness.admit("guided", make_request())
    harness.admit("unguided", make_request(guidance=1.0))  # one row is enough for it
    harness.finish()
    assert harness.jobs["guided"].failed.failure is FailureKind.OUT_OF_MEMORY
    assert harness.jobs["guided"].failed.retry
    assert isinstance(harness.jobs["unguided"].last, Finished)


def test_decoding_that_runs_out_of_memory_is_done_one_by_one(
    harness: EngineHarness, sd_model: LoadedModel, undisturbed: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = torch.OutOfMemoryError("no memory")
    monkeypatch.setattr(sd_model.vae, "decode", raising_above(sd_model.vae.decode, 1, error))
    harness.admit("quiet", QUIET)
    harness.admit("other", make_request(steps=6, count=3))
    harness.finish()
    assert_quiet_is_undisturbed(harness, undisturbed)
    assert len(harness.jobs["other"].pictures) == 3


def test_numbers_that_are_not_finite_fail_their_own_job_only(
    harness: EngineHarness, sd_model: LoadedModel, undisturbed: Outcome
) -> None:
    wild = make_adapter(sd_model, strength=1e30)
    harness.admit("quiet", QUIET)
    harness.admit("wild", make_request(subjects=(SubjectUse("w", 1.0),), count=2), {"adapter:w": wild})
    harness.finish()
    assert harness.jobs["wild"].failed.failure is FailureKind.NOT_FINITE
    assert not harness.jobs["wild"].failed.retry
    assert not harness.jobs["wild"].pictures
    assert_quiet_is_undisturbed(harness, undisturbed)


def test_adapter_that_does_not_fit_is_the_members_own_error(harness: EngineHarness, undisturbed: Outcome) -> None:
    harness.admit("quiet", QUIET)
    harness.admit("bad", make_request(subjects=(SubjectUse("s"),)), {"adapter:s": b"nonsense"})
    harness.finish()
    assert harness.jobs["bad"].failed.failure is FailureKind.BAD_INPUT
    assert_quiet_is_undisturbed(harness, undisturbed)


def test_model_that_cannot_be_loaded_fails_its_jobs_while_others_are_drawn(
    sd_folder: Path, tmp_path: Path, models: ModelCache, undisturbed: Outcome
) -> None:
    broken = make_spec(sd_folder, name="broken", source=str(tmp_path / "nowhere"))
    harness = EngineHarness(make_spec(sd_folder), broken, models=models)
    harness.admit("quiet", QUIET)
    harness.admit("lost", make_request(model="broken"))
    harness.finish()
    assert harness.jobs["lost"].failed.failure is FailureKind.MODEL
    assert_quiet_is_undisturbed(harness, undisturbed)
    harness.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": "unheard-of"},
        {"width_px": 12},
        {"height_px": 4096},
        {"steps": 0},
        {"steps": 5000},
        {"count": 0},
        {"guidance": float("nan")},
        {"seed": -1},
        {"subjects": tuple(SubjectUse(name) for name in "abcd")},
        {"subjects": (SubjectUse("a", float("inf")),)},
    ],
    ids=str,
)
def test_request_that_cannot_be_drawn_is_refused(harness: EngineHarness, wrong: dict[str, Any]) -> None:
    failed = harness.draw(make_request(**wrong)).failed
    assert failed.failure is FailureKind.BAD_INPUT
    assert not harness.engine.busy()


def test_request_of_another_kind_is_refused(harness: EngineHarness) -> None:
    harness.admit("clip", TranscribeRequest(audio="a", duration_s=1.0, model="m"))  # type: ignore[arg-type]
    harness.finish()
    assert harness.jobs["clip"].failed.failure is FailureKind.BAD_INPUT


def test_cancelled_job_says_nothing_more_and_frees_its_slot(harness: EngineHarness, undisturbed: Outcome) -> None:
    harness.admit("quiet", QUIET)
    harness.admit("gone", make_request(count=3))
    harness.step_until(lambda: any(isinstance(event, Progress) for event in harness.jobs["gone"].events))
    said, free = len(harness.jobs["gone"].events), harness.engine.free_slots()
    harness.engine.cancel("gone")
    assert harness.engine.free_slots() > free
    harness.finish()
    assert len(harness.jobs["gone"].events) == said
    assert_quiet_is_undisturbed(harness, undisturbed)


def test_job_cancelled_while_its_model_loads_leaves_nothing_behind(sd_folder: Path) -> None:
    harness = EngineHarness(make_spec(sd_folder))
    harness.admit("gone", make_request())
    harness.engine.cancel("gone")
    assert not harness.engine.busy()
    harness.finish()
    assert harness.jobs["gone"].events == []
    harness.close()


def test_job_ended_early_delivers_the_pictures_it_has(harness: EngineHarness) -> None:
    harness.engine.cancel("unknown", keep=True)
    harness.admit("early", make_request(count=2, steps=5))
    harness.step_until(lambda: any(isinstance(event, Progress) for event in harness.jobs["early"].events))
    harness.engine.cancel("early", keep=True)
    harness.finish()
    assert 0 < harness.jobs["early"].finished.done < harness.jobs["early"].finished.total


def test_lost_device_is_passed_on_so_that_the_worker_is_replaced(
    harness: EngineHarness, sd_model: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = RuntimeError("CUDA error: device-side assert triggered")
    monkeypatch.setattr(sd_model.core, "forward", raising_above(sd_model.core.forward, 0, error))
    harness.admit("unlucky", make_request())
    with pytest.raises(RuntimeError, match="device-side"):
        harness.finish()


def test_outputs_come_before_the_end_and_progress_never_goes_back(harness: EngineHarness) -> None:
    outcome = harness.draw(make_request(count=3, steps=3))
    kinds = [type(event) for event in outcome.events]
    assert kinds.count(Output) == 3
    assert kinds[-1] is Finished
    done = [event.done for event in outcome.events if isinstance(event, Progress)]
    assert done == sorted(done)
    assert done[-1] == outcome.finished.done == outcome.finished.total == 9
    assert outcome.finished.summary["seeds"] == [1, 2, 3]
