"""What can be said of the deployment files without a container engine."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import Settings

ROOT = Path(__file__).parents[2]
SETTINGS = {name.upper() for name in Settings.model_fields}


def instructions() -> list[tuple[str, list[str]]]:
    text = re.sub(r"^#.*\n", "", (ROOT / "deploy/Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    return [(line.split()[0], shlex.split(line)[1:]) for line in lines]


@pytest.fixture
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "deploy/compose.yaml").read_text("utf-8")))


def test_dockerfile_copies_only_what_exists() -> None:
    sources = [source for word, rest in instructions() if word == "COPY" for source in rest[:-1]]
    assert "inference" in sources
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_dockerfile_runs_as_an_ordinary_user() -> None:
    users = [rest[0] for word, rest in instructions() if word == "USER"]
    assert users == ["atelier"]


def test_dockerfile_sets_only_settings_that_exist() -> None:
    tools = {"PIP_NO_CACHE_DIR", "PYTHONUNBUFFERED"}
    named = {pair.split("=")[0] for word, rest in instructions() if word == "ENV" for pair in rest}
    assert named - tools <= SETTINGS


def test_dockerfile_starts_the_command_that_the_project_defines() -> None:
    words = dict(instructions())
    assert words["ENTRYPOINT"] == ["[atelier]"]


def test_compose_sets_only_settings_that_exist(compose: dict[str, Any]) -> None:
    assert set(compose["services"]["atelier"]["environment"]) <= SETTINGS


def test_compose_publishes_no_port(compose: dict[str, Any]) -> None:
    assert [name for name, service in compose["services"].items() if "ports" in service] == []


def test_compose_names_files_that_exist(compose: dict[str, Any]) -> None:
    build = compose["services"]["atelier"]["build"]
    assert (ROOT / "deploy" / build["context"] / build["dockerfile"]).is_file()


def test_compose_declares_every_volume_it_mounts(compose: dict[str, Any]) -> None:
    mounts = {mount.split(":")[0] for service in compose["services"].values() for mount in service["volumes"]}
    assert mounts == set(compose["volumes"])
