"""A bare machine skips what it cannot run and says what is missing; CI, where everything has to run, fails."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.files import speech_clips
from tests.support.files.speech_clips import human_or_skip
from tests.support.optional import chromium

NEEDS = [(chromium, "no chromium,"), (human_or_skip, "no pocketsphinx-testdata,")]


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without programs, and without recordings."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(speech_clips, "_HUMAN", tmp_path)
    monkeypatch.delenv("CI", raising=False)
    speech_clips.human.cache_clear()
    yield
    speech_clips.human.cache_clear()


@pytest.mark.parametrize(("need", "reason"), NEEDS)
def test_skips_with_the_name_of_the_package(need: Callable[[], object], reason: str) -> None:
    with pytest.raises(pytest.skip.Exception, match=reason):
        need()


@pytest.mark.parametrize(("need", "reason"), NEEDS)
def test_does_not_skip_in_ci(need: Callable[[], object], reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=reason):
        need()
