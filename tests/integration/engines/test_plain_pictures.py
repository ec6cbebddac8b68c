"""A lane's picture is plain diffusers' picture, whoever shares its passes."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.engines.image.models.loading import ModelCache
from inference.requests import ImageRequest
from tests.support.engines.harness import EngineHarness, Reference, assert_same, make_request, saved
from tests.support.tiny_models import make_spec

SCHEDULERS = ("dpm++", "euler", "euler-a", "ddim", "model")


@pytest.fixture(params=SCHEDULERS)
def scheduler(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_picture_equals_diffusers_for_each_scheduler(sd_folder: Path, scheduler: str) -> None:
    harness, reference = (
        EngineHarness(make_spec(sd_folder, scheduler=scheduler)),
        Reference(saved(sd_folder), scheduler),
    )
    request = make_request(negative="blue", steps=5, count=2)
    outcome = harness.draw(request)
    for index in range(2):
        assert_same(outcome.pictures[f"picture-{index + 1}.png"], reference.picture(request, index))
    harness.close()


@pytest.mark.parametrize("negative", ["", "blue"])
@pytest.mark.parametrize("guidance", [1.0, 4.3])
def test_picture_equals_diffusers_for_sdxl(xl_folder: Path, negative: str, guidance: float) -> None:
    harness, reference = EngineHarness(make_spec(xl_folder, family="sdxl")), Reference(saved(xl_folder), "dpm++")
    request = make_request(negative=negative, guidance=guidance, width_px=24)
    outcome = harness.draw(request)
    assert_same(outcome.pictures["picture-1.png"], reference.picture(request, 0))
    assert outcome.finished.summary["notes"] == ["negative had no effect"] * (bool(negative) and guidance == 1.0)
    harness.close()


def test_picture_equals_diffusers_for_velocity_prediction_and_a_tiny_autoencoder(v_folder: Path) -> None:
    harness, reference = EngineHarness(make_spec(v_folder)), Reference(saved(v_folder), "dpm++")
    request = make_request(steps=6)
    assert_same(harness.draw(request).pictures["picture-1.png"], reference.picture(request, 0))
    harness.close()


def test_prompt_of_more_windows_than_are_read_is_cut_and_said(harness: EngineHarness) -> None:
    read = harness.draw(make_request(prompt="xy" * 300))
    cut = harness.draw(make_request(prompt="xy" * 301))
    assert_same(cut.pictures["picture-1.png"], read.pictures["picture-1.png"])
    assert cut.finished.summary["notes"] == ["prompt was cut"]
    assert read.finished.summary["notes"] == []


REQUESTS = st.builds(
    make_request,
    prompt=st.sampled_from(["a red heart", ""]),
    negative=st.sampled_from(["", "green"]),
    steps=st.sampled_from([1, 2, 4]),
    guidance=st.sampled_from([1.0, 4.3]),
    seed=st.integers(0, 1),
    count=st.integers(1, 3),
    width_px=st.sampled_from([16, 24]),
)
SCRIPTS = st.lists(
    st.one_of(REQUESTS, st.integers(0, 4), st.tuples(st.just("cancel"), st.integers(0, 5))), min_size=2, max_size=9
)


@pytest.fixture(scope="module")
def reference(sd_folder: Path) -> Reference:
    return Reference(saved(sd_folder), "")


@settings(max_examples=12, deadline=None)
@given(script=SCRIPTS, scheduler=st.sampled_from(SCHEDULERS), lanes_max=st.integers(1, 8))
def test_picture_is_the_same_whatever_joins_and_leaves_its_batch(
    sd_folder: Path,
    reference: Reference,
    models: ModelCache,
    script: list[ImageRequest | int | tuple[str, int]],
    scheduler: str,
    lanes_max: int,
) -> None:
    harness = EngineHarness(
        make_spec(sd_folder, name="tiny", scheduler=scheduler), models=models, lanes_max=lanes_max, slots=16
    )
    requests, cancelled = _play(harness, script)
    for job_id, request in requests.items():
        if job_id in cancelled:
            continue
        for index in range(request.count):
            drawn = harness.jobs[job_id].pictures[f"picture-{index + 1}.png"]
            assert_same(drawn, reference.picture(request, index, scheduler=scheduler))
        assert harness.jobs[job_id].finished.done == harness.jobs[job_id].finished.total
    harness.close()


def _play(
    harness: EngineHarness, script: list[ImageRequest | int | tuple[str, int]]
) -> tuple[dict[str, ImageRequest], set[str]]:
    requests: dict[str, ImageRequest] = {}
    cancelled: set[str] = set()
    for action in script:
        if isinstance(action, ImageRequest):
            job_id = f"job-{len(requests)}"
            requests[job_id] = action
            harness.admit(job_id, action)
        elif isinstance(action, int):
            harness.step(action)
        elif (job_id := f"job-{action[1]}") in requests:
            harness.engine.cancel(job_id)
            cancelled.add(job_id)
    harness.finish()
    return requests, cancelled
