"""What others read of the repository: the workflow runs what all can run, forms are forms, versions have dates."""

import datetime as dt
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
FORMS = [GITHUB / "ISSUE_TEMPLATE" / name for name in ("bug.yml", "idea.yml")]


def read(file: Path) -> dict[Any, Any]:
    return dict(yaml.safe_load(file.read_text("utf-8")))


def test_workflow_runs_the_script_of_ci_and_may_only_read() -> None:
    workflow = read(GITHUB / "workflows/ci.yml")
    (job,) = workflow["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == ["bash .ci/run"]
    assert workflow["permissions"] == {"contents": "read"}
    assert job["container"].endswith("-bookworm")  # .ci/run installs with apt-get, as root


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_form_has_what_github_asks_for(form: Path) -> None:
    content = read(form)
    assert content["name"]
    assert content["description"]
    fields = [one for one in content["body"] if one["type"] != "markdown"]
    assert len({one["id"] for one in fields}) == len(fields) > 0
    assert len({one["attributes"]["label"] for one in fields}) == len(fields)
    assert {one["type"] for one in fields} <= {"textarea", "input", "dropdown", "checkboxes"}
    assert all(set(one) <= {"type", "id", "attributes", "validations"} for one in fields)


def test_newest_version_of_the_changelog_is_the_projects() -> None:
    heads = re.findall(r"^## \[(.+)\] - (.+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert heads[0][0] == project["version"]
    days = [dt.date.fromisoformat(day) for _, day in heads]
    assert days == sorted(days, reverse=True)
