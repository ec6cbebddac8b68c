"""What the repository's host reads: the workflow runs what everybody can run, and the forms are forms."""

from pathlib import Path
from typing import Any

import pytest
import yaml

GITHUB = Path(__file__).parents[2] / ".github"
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
