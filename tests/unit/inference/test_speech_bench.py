"""The GPU bench runs: on the CPU, with a tiny model."""

from tests.bench.gpu_speech import measure


def test_the_gpu_bench_measures_with_a_tiny_model_on_the_cpu() -> None:
    figures = measure(quick=True, device="cpu", tiny=True)
    promised = {"openai_clips_per_s", "ratio_8", "ratio_32", "atelier_short_clips_per_s_32", "step_p95_ms_32"}
    assert promised <= set(figures)
    assert all(value > 0 for value in figures.values())
