"""An entry that changes while its model is drawn with: what is under way ends with it, newcomers get the new one."""

from pathlib import Path

from inference.catalogue import Catalogue
from inference.engines.image.models.loading import ModelCache
from tests.support.engines.harness import EngineHarness, Reference, assert_same, make_request, saved
from tests.support.tiny_models import TINY_SD, make_folder, make_spec


def test_running_pictures_end_with_the_model_that_they_began_with(
    sd_folder: Path, tmp_path: Path, models: ModelCache
) -> None:
    other = make_folder(TINY_SD, tmp_path / "other", seed=7)
    harness = EngineHarness(make_spec(sd_folder), models=models)
    request = make_request(steps=5)
    harness.admit("old", request)
    harness.step_until(
        lambda: harness.engine._jobs["old"].lanes != [] and harness.engine._jobs["old"].lanes[0].position > 1
    )
    harness.engine.use_catalogue(Catalogue(images=(make_spec(other),), speech=()))
    harness.admit("new", request)
    harness.finish()
    before, after = Reference(saved(sd_folder), "dpm++"), Reference(saved(other), "dpm++")
    assert_same(harness.jobs["old"].pictures["picture-1.png"], before.picture(request, 0))
    assert_same(harness.jobs["new"].pictures["picture-1.png"], after.picture(request, 0))
    harness.close()


def test_model_that_left_the_catalogue_is_refused_to_newcomers_alone(sd_folder: Path, models: ModelCache) -> None:
    harness = EngineHarness(make_spec(sd_folder), models=models)
    harness.admit("old", make_request(steps=4))
    harness.engine.use_catalogue(Catalogue(images=(make_spec(sd_folder, name="other"),), speech=()))
    harness.admit("new", make_request(steps=4))
    harness.finish()
    assert "picture-1.png" in harness.jobs["old"].pictures
    assert "no `model` with that name" in harness.jobs["new"].failed.message
    harness.close()
