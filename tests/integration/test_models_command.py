"""`atelier models` with a hub on loopback: added, pulled, broken in the midst, resumed, refused with a sentence."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import constants, file_download

from bot.__main__ import main
from bot.doctor import computing
from inference.catalogue import ImageModel, read_catalogue
from inference.engines.image.models.folders import check_folder
from tests.support.fakes.hub import COMMIT, FakeHub, run_hub
from tests.support.tiny_models import TINY_SD, make_folder

SOURCE = "someone/tiny-sd"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(TINY_SD, tmp_path_factory.mktemp("published") / "tiny")


@pytest.fixture
def hub(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with run_hub() as hub:
        hub.add_folder(SOURCE, folder, license="creativeml-openrail-m")
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        monkeypatch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        )
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        yield hub


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs `atelier models` and returns its status and what it said."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("CATALOGUE", raising=False)
    monkeypatch.setattr(computing, "CHECK_TIMEOUT_S", 600.0)  # a busy machine imports torch in minutes

    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(["models", *arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def added(tmp_path: Path, name: str = "tiny-sd") -> ImageModel:
    return read_catalogue(tmp_path / "data" / "models.toml").image(name)


def test_model_of_the_hub_is_added_with_its_commit_family_size_and_licence(
    hub: FakeHub, run: Run, tmp_path: Path
) -> None:
    status, said, _ = run("add", SOURCE)
    spec = added(tmp_path)
    assert status == 0
    assert "MB to download" in said
    assert (spec.source, spec.revision, spec.family, spec.width_px) == (SOURCE, COMMIT, "sd", 16)
    assert (spec.licence, spec.must_accept) == ("creativeml-openrail-m", True)
    assert spec.licence_url == f"{hub.url}/{SOURCE}"
    assert "as its card says; read it" in said
    assert hub.ranges == []  # no weights were asked for


def test_folder_is_added(folder: Path, run: Run, tmp_path: Path) -> None:
    assert run("add", str(folder), "--name", "mine", "--licence", "MIT")[0] == 0
    spec = added(tmp_path, "mine")
    assert (spec.folder, spec.licence, spec.must_accept) == (folder, "MIT", False)


def test_pulled_model_is_whole(hub: FakeHub, run: Run, tmp_path: Path) -> None:
    run("add", SOURCE)
    status, said, _ = run("pull", "tiny-sd")
    assert status == 0
    assert "each of the size that the hub says" in said
    snapshot = tmp_path / "cache" / "models--someone--tiny-sd" / "snapshots" / COMMIT
    assert check_folder(snapshot, "sd", root=snapshot.parents[1]).weight_bytes > 0
    assert len(hub.ranges) == 3
    assert run("pull")[0] == 0
    assert len(hub.ranges) == 3  # nothing twice


def test_pull_that_broke_goes_on_where_it_stopped(hub: FakeHub, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_download, "time", SimpleNamespace(sleep=lambda _: None))  # between its own tries
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 10_000)  # what is written at once; ten megabytes in reality
    run("add", SOURCE)
    hub.cut_after_bytes = 300_000
    status, _, error = run("pull", "tiny-sd")
    assert status == 1
    assert "What was fetched is kept: try again." in error
    total = sum(len(content) for name, content in hub.repositories[SOURCE].items() if name.endswith(".safetensors"))
    hub.cut_after_bytes = None
    hub.ranges.clear()
    assert run("pull", "tiny-sd")[0] == 0
    assert any(began.startswith("bytes=") for began in hub.ranges)
    assert hub.sent_bytes < total + 10_000  # nothing that was written came twice


def test_file_of_a_wrong_size_is_thrown_away_and_fetched_anew(hub: FakeHub, run: Run) -> None:
    run("add", SOURCE)
    hub.short_by = 8
    status, _, error = run("pull", "tiny-sd")
    assert status == 1
    assert "came in another size than the hub says" in error
    hub.short_by = 0
    assert run("pull", "tiny-sd")[0] == 0


def test_file_that_was_cut_off_on_the_disk_is_found_and_fetched_anew(hub: FakeHub, run: Run, tmp_path: Path) -> None:
    run("add", SOURCE)
    run("pull", "tiny-sd")
    file = next((tmp_path / "cache").rglob("snapshots/*/unet/*.safetensors"))
    file.resolve().write_bytes(file.read_bytes()[:-5])
    status, _, error = run("pull", "tiny-sd")
    assert status == 1
    assert "unet/diffusion_pytorch_model.safetensors has" in error
    assert run("pull", "tiny-sd")[0] == 0


def test_gated_and_gone_repositories_are_said_in_a_sentence(hub: FakeHub, run: Run, tmp_path: Path) -> None:
    run("add", SOURCE)
    hub.gated.add(SOURCE)
    status, _, error = run("pull", "tiny-sd")
    assert status == 1
    assert "is gated. Accept its terms on its page, and put a token of that account into HF_TOKEN." in error
    hub.repositories["someone/other"], hub.cards["someone/other"] = hub.repositories[SOURCE], {}
    hub.gated.add("someone/other")
    assert "someone/other is gated" in run("add", "someone/other")[2]
    del hub.repositories[SOURCE]
    for arguments in (("pull", "tiny-sd"), ("add", SOURCE, "--name", "again")):
        status, _, error = run(*arguments)
        assert status == 1
        assert f"the hub has no {SOURCE}: it was removed or renamed" in error
    assert added(tmp_path).revision == COMMIT


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("add", SOURCE, "--revision", "nowhere"), "has no such revision"),
        (("add", "not a hub id"), "is no hub id, which is owner/name"),
        (("add", SOURCE, "--name", "builtin"), "has a model 'builtin' already"),
        (("pull", "builtinn"), "has no model 'builtinn'. Did you mean builtin?"),
        (("remove", "builtin"), "The catalogue that is shipped is not changed"),
    ],
)
def test_what_cannot_be_done_is_said(hub: FakeHub, run: Run, arguments: tuple[str, ...], told: str) -> None:
    status, _, error = run(*arguments)
    assert status == 1
    assert told in error


def test_repository_of_pickles_or_a_single_file_is_not_added(hub: FakeHub, run: Run, tmp_path: Path) -> None:
    hub.repositories["a/single"], hub.cards["a/single"] = {"model.safetensors": b"x"}, {}
    assert "atelier models import FILE" in run("add", "a/single")[2]
    files = hub.repositories[SOURCE]
    hub.repositories["a/pickles"] = {name.replace(".safetensors", ".bin"): one for name, one in files.items()}
    hub.cards["a/pickles"] = {}
    assert "has only pickled weights, which are never opened" in run("add", "a/pickles")[2]
    assert not (tmp_path / "data" / "models.toml").exists()


def test_removed_model_leaves_the_catalogue_and_with_files_the_cache(hub: FakeHub, run: Run, tmp_path: Path) -> None:
    run("add", SOURCE)
    run("pull", "tiny-sd")
    assert "Its files are kept" in run("remove", "tiny-sd")[1]
    run("add", SOURCE)
    assert "Deleted from the hub's cache" in run("remove", "tiny-sd", "--files")[1]
    assert not list((tmp_path / "cache").rglob("*.safetensors"))
    assert [model.name for model in read_catalogue(tmp_path / "data" / "models.toml").images] == ["builtin"]


def break_the_last(catalogue: Path, folder: Path) -> None:
    """Let the last entry of a folder lead nowhere."""
    head, _, broken = catalogue.read_text().rpartition(str(folder))
    catalogue.write_text(f"{head}/nowhere{broken}")


@pytest.mark.timeout(600)  # torch is imported by a child
def test_list_says_what_fits_and_what_is_missing(hub: FakeHub, run: Run, folder: Path, tmp_path: Path) -> None:
    run("add", SOURCE)
    run("add", str(folder), "--name", "here", "--licence", "MIT")
    run("add", str(folder), "--name", "broken", "--licence", "MIT")
    break_the_last(tmp_path / "data" / "models.toml", folder)
    status, said, _ = run("list")
    rows = {line.split()[0]: line.split() for line in said.splitlines() if line}
    assert status == 0
    assert rows["here"][:5] == ["here", "image", "yes", "MIT", "never"]
    assert rows["broken"][2] == "PROBLEM"
    assert rows["tiny-sd"][-2:] == ["(not", "downloaded)"]


@pytest.mark.timeout(600)
def test_check_says_what_is_wrong_what_fits_and_the_licence(run: Run, folder: Path, tmp_path: Path) -> None:
    run("add", str(folder), "--name", "here", "--licence", "MIT")
    run("add", str(folder), "--name", "broken", "--licence", "MIT")
    break_the_last(tmp_path / "data" / "models.toml", folder)
    status, said, _ = run("check", "here", "broken")
    assert status == 1
    assert "and fits" in said
    assert "licence: MIT" in said
    assert "PROBLEM  model broken" in said
    assert "builtin" not in said


def test_help_names_every_action(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["models", "--help"])
    said = capsys.readouterr().out
    assert all(action in said for action in ("list", "add", "pull", "check", "remove", "import"))
