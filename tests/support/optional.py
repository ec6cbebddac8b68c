"""What only the operating system can bring: a test that needs it is skipped without it, but not in CI."""

import os
import shutil
from typing import NoReturn

import pytest


def missing(package: str, why: str) -> NoReturn:
    """Skip a test that needs one of Debian's packages and say so; in CI, where it has to run, fail it.

    Parameters:
        why: what the package brings.
    """
    reason = f"no {package}, which brings {why} (apt-get install {package})"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def chromium() -> str:
    """Return where Chromium is; skip the test without one."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    return found or missing("chromium", "a browser")
