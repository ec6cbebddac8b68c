"""What only the operating system can provide: a test that needs it is skipped without it, but not in CI."""

import os
import shutil
from typing import NoReturn

import pytest


def missing(package: str, why: str) -> NoReturn:
    """Skip a test that needs one of Debian's packages, and say so; in CI, where it has to run, fail it.

    Args:
        package: the package.
        why: what it brings.
    """
    reason = f"no {package}, which brings {why} (apt-get install {package})"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def chromium() -> str:
    """Return the path of Chromium; skip the test without one."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    return found or missing("chromium", "a browser")
