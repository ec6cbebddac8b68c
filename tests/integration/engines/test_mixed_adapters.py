"""Lanes with different adapters, with several and with none share passes; each draws what diffusers draws alone."""

import gc
import hashlib
import struct
import weakref
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.shared.files.pictures import read_parameters
from inference.catalogue import ImageModel
from inference.engines.image.adapters.cache import AdapterCache
from inference.engines.image.adapters.reading import autov3_of, autov3_of_file, read_adapter
from inference.engines.image.adapters.weights import Adapter
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.models.loading import ModelCache
from inference.messages import FailureKind, Output
from inference.requests import ImageRequest, SubjectUse
from tests.support.engines.harness import EngineHarness, Outcome, Reference, assert_same, make_request, saved
from tests.support.tiny_adapters import EVERYTHING, make_adapter
from tests.support.tiny_models import make_spec

TEXT = ("unet", "text_encoder")


@pytest.fixture(scope="module")
def adapters(sd_model: LoadedModel) -> dict[str, bytes]:
    """Three subjects: attention only, text encoder and all, another rank with a scale of its own."""
    settings_of_c = {"unet.r": 2, "unet.lora_alpha": 6, "unet.target_modules": ["to_q", "to_k", "to_v", "to_out.0"]}
    return {
        "adapter:a": make_adapter(sd_model, rank=4, seed=1),
        "adapter:b": make_adapter(sd_model, rank=3, seed=2, parts=TEXT, endings=EVERYTHING),
        "adapter:c": make_adapter(
            sd_model, rank=2, seed=3, metadata=settings_of_c, endings=("to_q", "to_k", "to_v", "to_out.0")
        ),
    }


@pytest.fixture(scope="module")
def reference(sd_folder: Path) -> Reference:
    return Reference(saved(sd_folder), "dpm++")


def with_subjects(*uses: tuple[str, float], **changes: Any) -> ImageRequest:
    return make_request(subjects=tuple(SubjectUse(name, weight) for name, weight in uses), **changes)


@pytest.mark.parametrize(
    "uses",
    [
        [("a", 1.0)],
        [("b", 0.7)],
        [("a", -0.5)],
        [("a", 0.8), ("b", 0.5)],
        [("b", 0.4), ("a", 0.6), ("c", 0.3)],
    ],
)
def test_picture_with_adapters_equals_diffusers(
    harness: EngineHarness, reference: Reference, adapters: dict[str, bytes], uses: list[tuple[str, float]]
) -> None:
    request = with_subjects(*uses)
    drawn = harness.draw(request, adapters).pictures["picture-1.png"]
    assert_same(drawn, reference.picture(request, 0, adapters))
    assert abs(drawn - reference.picture(make_request(), 0)).max() > 8  # the adapters really do something


def test_scale_written_beside_the_weights_is_followed(
    harness: EngineHarness, sd_model: LoadedModel, adapters: dict[str, bytes]
) -> None:
    plain = make_adapter(sd_model, rank=2, seed=3, endings=("to_q", "to_k", "to_v", "to_out.0"))
    scaled = harness.draw(with_subjects(("c", 0.5)), adapters).pictures["picture-1.png"]
    by_hand = harness.draw(with_subjects(("d", 1.5)), {"adapter:d": plain}).pictures["picture-1.png"]  # 6 / 2 is 3
    assert_same(scaled, by_hand)


def test_picture_with_adapters_equals_diffusers_for_sdxl(xl_folder: Path) -> None:
    spec = make_spec(xl_folder, family="sdxl")
    harness, reference = EngineHarness(spec), Reference(saved(xl_folder), "dpm++")
    model = harness.models.get(spec)
    adapters = {"adapter:x": make_adapter(model, parts=("unet", "text_encoder", "text_encoder_2"), endings=EVERYTHING)}
    request = with_subjects(("x", 0.6))
    assert_same(harness.draw(request, adapters).pictures["picture-1.png"], reference.picture(request, 0, adapters))
    harness.close()


def test_adapter_of_weight_zero_changes_nothing(
    harness: EngineHarness, reference: Reference, adapters: dict[str, bytes]
) -> None:
    drawn = harness.draw(with_subjects(("a", 0.0)), adapters).pictures["picture-1.png"]
    assert_same(drawn, reference.picture(make_request(), 0))


USES = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from([0.0, 0.4, 1.0, -0.6])),
    max_size=3,
    unique_by=lambda use: use[0],
)
REQUESTS = st.builds(
    lambda uses, **changes: with_subjects(*uses, **changes),
    USES,
    steps=st.integers(1, 4),
    guidance=st.sampled_from([1.0, 4.3]),
    seed=st.integers(0, 1),
    count=st.integers(1, 2),
)
Action = ImageRequest | int | tuple[str, int]
SCRIPTS = st.lists(
    st.one_of(REQUESTS, st.integers(0, 3), st.tuples(st.just("cancel"), st.integers(0, 5))), min_size=2, max_size=10
)


@settings(max_examples=12, deadline=None)
@given(script=SCRIPTS, lanes_max=st.integers(1, 10))
def test_picture_is_the_same_whoever_brings_adapters_to_its_batch(
    sd_folder: Path,
    models: ModelCache,
    reference: Reference,
    adapters: dict[str, bytes],
    script: list[Action],
    lanes_max: int,
) -> None:
    harness = EngineHarness(make_spec(sd_folder), models=models, lanes_max=lanes_max, slots=16)
    requests: dict[str, ImageRequest] = {}
    for action in script:
        if isinstance(action, ImageRequest):
            job_id = f"job-{len(requests)}"
            requests[job_id] = action
            harness.admit(job_id, action, adapters)
        elif isinstance(action, int):
            harness.step(action)
        else:
            harness.engine.cancel(f"job-{action[1]}")
            requests.pop(f"job-{action[1]}", None)
            requests[f"gone-{len(requests)}"] = make_request(count=0)  # keeps the numbering
    harness.finish()
    for job_id, request in requests.items():
        for index in range(request.count):
            drawn = harness.jobs[job_id].pictures[f"picture-{index + 1}.png"]
            assert_same(drawn, reference.picture(request, index, adapters))
    harness.close()


def test_known_adapter_needs_not_be_sent_again(harness: EngineHarness, adapters: dict[str, bytes]) -> None:
    request = with_subjects(("a", 1.0))
    first = harness.draw(request, adapters)
    again = harness.draw(request)
    assert_same(again.pictures["picture-1.png"], first.pictures["picture-1.png"])
    assert harness.engine.adapters() == ("a",)


def test_new_weights_of_a_subject_replace_the_old(
    harness: EngineHarness, sd_model: LoadedModel, reference: Reference, adapters: dict[str, bytes]
) -> None:
    harness.draw(with_subjects(("a", 1.0)), adapters)
    newer = {"adapter:a": make_adapter(sd_model, rank=4, seed=9)}
    drawn = harness.draw(with_subjects(("a", 1.0)), newer).pictures["picture-1.png"]
    plain = harness.draw(with_subjects(("other", 1.0)), {"adapter:other": newer["adapter:a"]}).pictures["picture-1.png"]
    assert_same(drawn, plain)


def test_adapter_that_should_have_been_here_is_a_failure_to_be_tried_again(harness: EngineHarness) -> None:
    failed = harness.draw(with_subjects(("forgotten", 1.0))).failed
    assert (failed.failure, failed.retry) == (FailureKind.INTERNAL, True)


def test_adapters_beyond_the_limit_are_dropped_least_recently_used_first(
    harness: EngineHarness, sd_spec: ImageModel, adapters: dict[str, bytes]
) -> None:
    for name in "abc":
        harness.draw(with_subjects((name, 1.0)), adapters)
    harness.draw(with_subjects(("a", 1.0)))
    assert harness.engine.adapters() == ("b", "c", "a")
    sizes = harness.adapter_cache.size_bytes()
    small = AdapterCache(limit_bytes=sizes - 1)
    model = harness.models.get(sd_spec)
    for name in "abca":
        small.load(model, name, adapters[f"adapter:{name}"]).result()
    assert small.resident() == ("c", "a")
    assert small.size_bytes() < sizes
    small.close()


def test_adapter_that_is_forgotten_leaves_memory_while_others_are_drawn(
    harness: EngineHarness, sd_spec: ImageModel, adapters: dict[str, bytes]
) -> None:
    harness.admit("plain", make_request(steps=50))
    harness.admit("drawn", with_subjects(("a", 1.0)), adapters)
    harness.step_until(lambda: bool(harness.jobs["drawn"].pictures))
    model = harness.models.get(sd_spec)
    kept = harness.adapter_cache.load(model, "a", adapters["adapter:a"]).result()
    weight = weakref.ref(next(iter(kept.components["unet"].values())).down)
    del kept
    harness.step()
    assert weight() is not None
    harness.engine.forget(("a",))
    gc.collect()
    assert harness.engine.adapters() == ()
    assert weight() is None
    harness.finish()
    assert harness.jobs["plain"].pictures


def test_picture_that_is_being_drawn_keeps_an_adapter_that_is_forgotten(
    harness: EngineHarness, adapters: dict[str, bytes]
) -> None:
    expected = harness.draw(with_subjects(("a", 1.0)), adapters).pictures["picture-1.png"]
    harness.admit("again", with_subjects(("a", 1.0)), adapters)
    harness.step_until(lambda: bool(harness.jobs["again"].events))
    harness.engine.forget(("a",))
    harness.finish()
    assert_same(harness.jobs["again"].pictures["picture-1.png"], expected)


def test_lane_waits_for_its_adapter_while_others_are_drawn(
    harness: EngineHarness, sd_spec: ImageModel, adapters: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.admit("plain", make_request(steps=40))
    harness.step_until(lambda: bool(harness.jobs["plain"].events))
    slow: Future[Adapter] = Future()
    model = harness.models.get(sd_spec)
    monkeypatch.setattr(harness.adapter_cache, "load", lambda *_: slow)
    harness.admit("waiting", with_subjects(("a", 1.0)))
    before = harness.jobs["plain"].events[-1]
    harness.step(5)
    assert harness.jobs["plain"].events[-1] != before
    assert harness.jobs["waiting"] == Outcome()
    slow.set_result(read_adapter(adapters["adapter:a"], model))
    harness.finish()
    assert harness.jobs["waiting"].pictures


def test_picture_names_its_loras_so_that_others_can_draw_it_again(
    harness: EngineHarness, sd_model: LoadedModel, adapters: dict[str, bytes]
) -> None:
    uses = (SubjectUse("a", 0.8, "zkv dog"), SubjectUse("b", 0.5))
    events = harness.draw(make_request(subjects=uses, count=1), adapters).events
    (output,) = [event for event in events if isinstance(event, Output)]
    text = read_parameters(output.content)
    assert text.splitlines()[0].endswith(" <lora:zkv:0.8> <lora:b:0.5>")
    hashes = [autov3_of(adapters["adapter:a"]), autov3_of(adapters["adapter:b"])]
    assert f'Lora hashes: "zkv: {hashes[0]}, b: {hashes[1]}"' in text
    plain = harness.draw(make_request(count=1), {}).events
    assert "ora" not in "".join(read_parameters(event.content) for event in plain if isinstance(event, Output))


def test_hash_of_a_lora_is_that_of_its_tensors_whatever_is_written_beside_them(
    adapters: dict[str, bytes], tmp_path: Path
) -> None:
    tensors = safetensors.torch.load(adapters["adapter:a"])
    plain, titled = (safetensors.torch.save(tensors, metadata=one) for one in (None, {"ss_output_name": "rex"}))
    assert plain != titled
    assert autov3_of(plain) == autov3_of(titled) != autov3_of(adapters["adapter:b"])
    (tmp_path / "titled.safetensors").write_bytes(titled)
    assert autov3_of_file(tmp_path / "titled.safetensors") == autov3_of(plain)
    header_bytes = struct.unpack("<Q", plain[:8])[0]  # as kohya-ss/sd-scripts reads it
    assert autov3_of(plain) == hashlib.sha256(plain[header_bytes + 8 :]).hexdigest()[:12]
