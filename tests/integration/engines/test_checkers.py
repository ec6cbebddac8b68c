"""Checkers on tiny networks in the real layouts: the scores of the libraries' own pipelines, and what is refused."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from numpy.typing import NDArray
from PIL import Image
from transformers import AutoImageProcessor, AutoModelForImageClassification, CLIPImageProcessorPil, pipeline

from inference.checks import PictureCheck
from inference.engines.check import check_picture_checker
from inference.engines.checker.check_queue import CheckQueue
from inference.engines.checker.checkers import RETRY_S, PictureCheckers
from inference.engines.checker.classifier import PictureClassifier
from inference.errors import ModelUnusable
from tests.support.engines.checkers import (
    LABELS,
    ToldClassifier,
    check_all,
    checker_spec,
    told_checkers,
    write_clip_checker,
    write_convnext,
    write_vit,
)
from tests.support.engines.upscaling import noise

PICTURES = [noise(*size, seed=seed) for seed, size in enumerate([(64, 64), (48, 96), (200, 33), (32, 32), (7, 5)])]
TOLERANCE = 1e-4  # of a score: they are rounded to four places
ALL = dict.fromkeys(LABELS, 0.4)


@pytest.mark.parametrize(
    "write",
    [
        write_vit,
        write_convnext,
        lambda folder: write_vit(folder, labels=("nsfw",)),
    ],
    ids=["vit", "several labels at once", "one label"],
)
def test_scores_are_those_of_transformers_own_pipeline(tmp_path: Path, write: Any) -> None:
    folder = write(tmp_path / "looks")
    labels = json.loads((folder / "config.json").read_text())["id2label"].values()
    processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    plain = pipeline(
        "image-classification",
        model=AutoModelForImageClassification.from_pretrained(folder),
        image_processor=processor,
    )
    checkers = PictureCheckers([checker_spec(folder, labels=dict.fromkeys(labels, 0.4))], "cpu")
    found = check_all(checkers, PICTURES)
    checkers.close()
    seen = set()
    for check, pixels in zip(found, PICTURES, strict=True):
        expected = {one["label"]: one["score"] for one in plain(Image.fromarray(pixels), top_k=len(labels))}
        assert check.scores["looks"] == pytest.approx(expected, abs=TOLERANCE)
        assert set(check.flags) == {label for label, score in expected.items() if score > 0.4}
        assert not check.failed
        seen.add(tuple(check.scores["looks"].values()))
    assert len(seen) == len(PICTURES)  # the network tells them apart, so scores are of their own picture


@pytest.mark.parametrize("processor", [True, False], ids=["its processor beside it", "none"])
def test_clip_checker_flags_what_diffusers_own_flags(tmp_path: Path, processor: bool) -> None:
    pictures = [*PICTURES, *(noise(40, 40, seed=seed) for seed in range(20))]
    even = write_clip_checker(tmp_path / "even" / "safety_checker", threshold=0.0, processor=processor)
    likest = sorted(_scores_of(even, pictures))[len(pictures) // 2]
    folder = write_clip_checker(tmp_path / "safety_checker", threshold=likest - 0.015, processor=processor)
    plain = StableDiffusionSafetyChecker.from_pretrained(folder)
    prepare = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    if processor:
        prepare = CLIPImageProcessorPil.from_pretrained(tmp_path / "feature_extractor")
    expected = []
    for pixels in pictures:
        read = prepare(images=Image.fromarray(pixels), return_tensors="pt")["pixel_values"]
        expected.append(plain(clip_input=read, images=np.zeros((1, 4, 4, 3)))[1][0])
    assert [score > 0 for score in _scores_of(folder, pictures)] == expected
    assert set(expected) == {True, False}  # otherwise this compares nothing


def _scores_of(folder: Path, pictures: Sequence[NDArray[np.uint8]]) -> list[float]:
    """Return a CLIP checker's scores, which flag where they are above 0."""
    checkers = PictureCheckers([checker_spec(folder, labels={"nsfw": 0.0})], "cpu")
    found = check_all(checkers, pictures)
    checkers.close()
    assert [bool(check.flags) for check in found] == [check.scores["looks"]["nsfw"] > 0 for check in found]
    return [check.scores["looks"]["nsfw"] for check in found]


def test_all_checkers_see_every_picture(tmp_path: Path) -> None:
    first = write_vit(tmp_path / "first")
    second = write_clip_checker(tmp_path / "second", threshold=-2.0)  # flags everything
    specs = [checker_spec(first, name="a", labels={"gore": 0.0}), checker_spec(second, name="b", labels={"nsfw": 0.0})]
    checkers = PictureCheckers(specs, "cpu")
    for check in check_all(checkers, PICTURES):
        assert set(check.scores) == {"a", "b"}
        assert check.flags == ("gore", "nsfw")
    assert checkers.size_bytes() > 0
    checkers.close()


def test_pictures_are_checked_in_batches_and_alone_after_one_has_failed() -> None:
    def score(brightness: float) -> float:
        if brightness > 0.9:
            raise ValueError("told to")
        return brightness

    checkers = told_checkers(score, device="cpu")
    checkers.device = torch.device("cuda")  # for the size of batches alone
    pictures = [np.full((4, 4, 3), level, np.uint8) for level in (0, 250, 200, 100)]
    found = check_all(checkers, pictures)
    assert [(check.flags, check.failed) for check in found] == [
        ((), False),
        ((), True),
        (("nsfw",), False),
        ((), False),
    ]
    told = checkers.load(checkers.specs[0]).result()
    assert isinstance(told, ToldClassifier)
    assert max(told.batches) > 1
    assert told.batches[-1] == 1
    checkers.close()


def test_score_that_is_not_a_number_counts_as_a_failed_check() -> None:
    checkers = told_checkers(lambda _: float("nan"))
    assert check_all(checkers, PICTURES[:1]) == [PictureCheck(failed=True)]
    checkers.close()


def test_checker_that_cannot_be_loaded_fails_at_once_and_is_tried_again_later(tmp_path: Path) -> None:
    now_s, tries = [0.0], []

    def load(*_: object) -> PictureClassifier:
        tries.append(now_s[0])
        if len(tries) == 1:
            raise ModelUnusable("told to")
        return ToldClassifier(lambda _: 1.0)

    checkers = PictureCheckers([checker_spec(tmp_path)], "cpu", load=load, clock=lambda: now_s[0])
    assert check_all(checkers, PICTURES[:2]) == [PictureCheck(failed=True)] * 2
    assert check_all(checkers, PICTURES[:1])[0].failed
    assert tries == [0.0]
    now_s[0] += RETRY_S + 1
    assert check_all(checkers, PICTURES[:1])[0].flags == ("nsfw",)
    checkers.close()


def test_picture_that_is_forgotten_is_not_waited_for() -> None:
    checkers = told_checkers(lambda _: 1.0)
    queue = CheckQueue(checkers)
    first, second = queue.add(PICTURES[0]), queue.add(PICTURES[1])
    queue.forget(first)
    while not second.done():
        queue.step()
    assert first.cancelled()
    queue.close()
    checkers.close()


def _pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def _cut_off(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def _with(**fields: Any) -> Any:
    def change(folder: Path) -> None:
        file = folder / "config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | fields))

    return change


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (_pickled, "only pickled weights"),
        (_cut_off, "cut off"),
        (lambda folder: (folder / "config.json").unlink(), "config.json is missing"),
        (lambda folder: (folder / "preprocessor_config.json").unlink(), "no preprocessor_config.json"),
        (_with(auto_map={"AutoModelForImageClassification": "x.Y"}), "code of its own"),
        (_with(model_type="gpt2"), "no image classifier"),
        (_with(id2label={"0": "nsfv"}), "no label 'nsfw', but nsfv. Did you mean nsfv"),
    ],
)
def test_folder_that_cannot_be_used_is_found_by_the_doctor_and_at_loading(
    tmp_path: Path, damage: Any, sentence: str
) -> None:
    folder = write_vit(tmp_path / "processor")  # a model's component of such a name needs no weights
    assert check_picture_checker(checker_spec(folder)).good
    damage(folder)
    report = check_picture_checker(checker_spec(folder))
    assert not report.good
    assert sentence in report.text
    checkers = PictureCheckers([checker_spec(folder)], "cpu")
    with pytest.raises(ModelUnusable, match=sentence.split(",")[0]):
        checkers.load(checkers.specs[0]).result()
    checkers.close()


def test_weights_that_lack_a_layer_are_refused_instead_of_drawn_by_lot(tmp_path: Path) -> None:
    folder = write_vit(tmp_path / "looks")
    _with(num_hidden_layers=3)(folder)
    checkers = PictureCheckers([checker_spec(folder)], "cpu")
    with pytest.raises(ModelUnusable, match="its weights lack vit"):
        checkers.load(checkers.specs[0]).result()
    checkers.close()
