"""Compiled blocks draw the same pictures, for few numbers of rows, beside lanes with adapters that are not compiled."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from inference.engines.image.families.conditioning import Conditioning
from inference.engines.image.models.compiling import bucket, compile_blocks
from inference.engines.image.models.loading import ModelCache, locate
from inference.engines.image.models.model import load_model
from inference.requests import SubjectUse
from tests.bench.pictures import BuiltModels
from tests.support.engines.harness import EngineHarness, assert_same, make_request
from tests.support.tiny_adapters import make_adapter
from tests.support.tiny_models import make_spec

COMPILERS = [
    pytest.param("eager", marks=pytest.mark.filterwarnings("ignore")),  # traces and guards, and compiles nothing
    pytest.param("inductor", marks=[pytest.mark.long, pytest.mark.filterwarnings("ignore")]),
]


@pytest.fixture(autouse=True)
def dynamo() -> Iterator[None]:
    """Compile afresh, and say what cannot be compiled."""
    torch.compiler.reset()
    kept = torch._dynamo.config.suppress_errors, torch._dynamo.config.recompile_limit
    yield
    torch._dynamo.config.suppress_errors, torch._dynamo.config.recompile_limit = kept
    torch.compiler.reset()


@pytest.mark.parametrize(("rows", "most"), [(1, 1), (2, 2), (3, 4), (4, 4), (5, 8), (16, 16), (17, 32)])
def test_rows_are_rounded_up_to_a_power_of_two(rows: int, most: int) -> None:
    assert bucket(rows) == most


@pytest.mark.parametrize("backend", COMPILERS)
def test_pictures_of_compiled_blocks_are_the_same_in_any_company(
    sd_folder: Path, models: ModelCache, backend: str
) -> None:
    spec = make_spec(sd_folder)
    model = compile_blocks(load_model(spec, locate(spec), torch.device("cpu")), backend=backend)
    assert model.compiled
    torch._dynamo.config.suppress_errors = False
    counters = torch._dynamo.utils.counters
    counters.clear()
    compiled, plain = EngineHarness(spec, models=BuiltModels(model)), EngineHarness(spec, models=models)
    adapters = {"adapter:a": make_adapter(model, parts=("unet", "text_encoder"))}
    requests = {
        "guided": make_request(steps=3, count=3),
        "free": make_request(steps=2, guidance=1.0, seed=5),
        "adapted": make_request(steps=4, subjects=(SubjectUse("a"),)),
        "long": make_request(steps=3, prompt="a very red heart " * 10),
    }
    for harness in (compiled, plain):
        for job_id, request in requests.items():
            harness.admit(job_id, request, adapters if request.subjects else {})
            harness.step(1)
        harness.finish()
    for job_id, request in requests.items():
        for index in range(request.count):
            name = f"picture-{index + 1}.png"
            assert_same(compiled.jobs[job_id].pictures[name], plain.jobs[job_id].pictures[name])
    assert 0 < counters["stats"]["unique_graphs"] <= 12
    compiled.close()
    plain.close()


def test_spare_rows_are_another_of_the_last() -> None:
    parts = [Conditioning(torch.full((1, 3, 2), float(row)), (3,)) for row in range(3)]
    padded = Conditioning.cat([*parts, parts[-1][-1:]])
    assert padded.hidden[:, 0, 0].tolist() == [0, 1, 2, 2]
    assert padded.lengths == (3, 3, 3, 3)
