"""What a task carries."""

from pathlib import Path

import pytest

from db.files import FileStore
from inference.dispatcher.inputs import InputMissing, input_keys, load_task
from inference.requests import InitPicture, Request, SubjectUse
from tests.support.fakes.jobs import job_of
from tests.support.fakes.requests import image_request, train_request, transcribe_request, upscale_request

PICTURE_AND_MASK = {"picture", "mask"}
WITH_REX = image_request(subjects=(SubjectUse("rex"), SubjectUse("moe")))


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore(str(tmp_path))


@pytest.mark.parametrize(
    ("request_", "names"),
    [
        (image_request(), set()),
        (WITH_REX, {"adapter:rex", "adapter:moe"}),
        (image_request(init=InitPicture(key="uploads/1/picture", strength=0.5)), {"picture"}),
        (
            image_request(init=InitPicture(key="uploads/1/picture", strength=0.5, mask="uploads/1/mask")),
            PICTURE_AND_MASK,
        ),
        (train_request(photos=("uploads/1/0.png", "uploads/1/1.png")), {"photo-0", "photo-1"}),
        (transcribe_request(), {"audio"}),
        (upscale_request(subjects=(SubjectUse("rex"),)), {"picture"}),  # no adapter: nothing is drawn
    ],
)
def test_input_keys_of_each_kind(request_: Request, names: set[str]) -> None:
    assert set(input_keys(request_)) == names


async def test_load_task_reads_photos_in_order(files: FileStore) -> None:
    await files.put("uploads/1/a.png", b"first")
    await files.put("uploads/1/b.png", b"second")
    task = await load_task(job_of(train_request(photos=("uploads/1/a.png", "uploads/1/b.png"))), files)
    assert task.inputs == {"photo-0": b"first", "photo-1": b"second"}


async def test_load_task_with_a_deleted_adapter(files: FileStore) -> None:
    with pytest.raises(InputMissing):
        await load_task(job_of(WITH_REX), files)


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        ({"checkpoint-1": b"12"}, b"12"),
        ({"checkpoint-1": b"12", "checkpoint-2": b"8", "checkpoint-3": b"99"}, b"8"),  # the third is its own
    ],
)
async def test_load_task_of_a_repeated_job_brings_everything(
    files: FileStore, left: dict[str, bytes], expected: bytes
) -> None:
    job = job_of(image_request(subjects=(SubjectUse("rex"),)), attempt=3)
    await files.put("subjects/rex/adapter.safetensors", b"weights")
    for name, content in left.items():
        await files.put(f"jobs/{job.id}/{name}", content)
    task = await load_task(job, files)
    assert task.inputs == {"adapter:rex": b"weights", "checkpoint": expected}


async def test_load_task_of_a_first_attempt_goes_on_from_nothing(files: FileStore) -> None:
    job = job_of(image_request())
    await files.put(f"jobs/{job.id}/checkpoint-1", b"12")
    assert (await load_task(job, files)).inputs == {}
