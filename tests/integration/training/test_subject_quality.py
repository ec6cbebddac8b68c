"""The built-in model learns a subject that is not in its data, by the catalogue's recipe, and keeps what it knew."""

import pytest

from inference.catalogue import read_catalogue
from inference.worker import Worker
from inference.worker_config import WorkerConfig
from tests.bench.subjects import train_subject
from tests.bench.train import Examiner

IDENTITY_MIN = 0.75  # of four pictures
GAIN_MIN_DB = 6.0
KEPT_MIN_DB = 22.0  # another picture of the same noun has about 12


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore")
def test_subject_is_recognised_and_other_prompts_stay() -> None:
    spec = read_catalogue().images[0]
    worker = Worker(WorkerConfig(engines="inference.engines.factory:build"))
    found = Examiner(worker, spec).examine(train_subject(worker, spec, "mascot", spec.train_steps))
    assert found["identity_top1"] >= IDENTITY_MIN
    assert found["subject_gain_db"] > GAIN_MIN_DB
    assert found["leak_db"] > KEPT_MIN_DB
