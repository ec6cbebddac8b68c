"""Whether a model is kept whole or in low memory."""

import pytest

from inference.engines.image.models.plan import LowMemory, MemoryForecast, MemoryPlan, make_plan

FORETOLD = MemoryForecast(
    encoders=8000,
    core=12000,
    vae=200,
    encoding=400,
    denoising=600,
    decoding=1600,
    decoding_tiled=400,
    encoder_piece=1000,
    core_piece=400,
)


def test_peaks_are_the_most_at_once() -> None:
    assert FORETOLD.peak == 20200 + 1600
    assert FORETOLD.low_peak == 200 + 1400  # while prompts are read


@pytest.mark.parametrize(
    ("available_bytes", "setting", "plan"),
    [
        (21800, LowMemory.AUTO, MemoryPlan()),
        (21799, LowMemory.AUTO, MemoryPlan(low=True, core_bytes=20199)),
        (11000, LowMemory.AUTO, MemoryPlan(low=True, core_bytes=9400)),
        (100, LowMemory.AUTO, MemoryPlan(low=True, core_bytes=0)),
        (100, LowMemory.OFF, MemoryPlan()),
        (99999, LowMemory.ON, MemoryPlan(low=True, core_bytes=98399)),
    ],
)
def test_model_that_does_not_fit_is_kept_in_low_memory(
    available_bytes: int, setting: LowMemory, plan: MemoryPlan
) -> None:
    assert make_plan(FORETOLD, available_bytes, setting) == plan
