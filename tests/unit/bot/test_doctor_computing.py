"""What the doctor finds of what computes: decoding, the catalogue, models, devices."""

import shutil
import sys
from pathlib import Path

import pytest

from bot.doctor.computing import check_computing, check_decoding, check_devices
from bot.doctor.finding import Mark
from inference.decoders import process
from tests.support.bot.settings import settings
from tests.support.speech_weights import weights

FETCH = f"{sys.executable} -m inference.engines.speech.fetch"
CATALOGUE = """
[[image]]
name = "mine"
title = "Mine"
source = "/nowhere/mine"
family = "sd"
licence = "MIT"
width_px = 64
height_px = 64
side_max_px = 64
steps = 4
steps_max = 8
guidance = 1.0
"""
SPEECH = """
[[speech]]
name = "{name}"
title = "{name}"
source = "{folder}"
licence = "MIT"
"""


def test_decoding_that_is_locked_down_is_good_and_without_a_filter_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    finding = check_decoding()
    assert finding.mark is (Mark.NOTE if "no filter" in finding.text else Mark.GOOD)
    hidden = process.PROGRAM.replace("import sys;", "import sys; sys.modules['pyseccomp'] = None;")
    monkeypatch.setattr(process, "PROGRAM", hidden)
    finding = check_decoding()
    assert (finding.mark, "no filter of system calls" in finding.text) == (Mark.NOTE, True)
    assert "libseccomp2" in finding.remedy


def test_decoding_process_that_does_not_start_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PROGRAM", "raise SystemExit(1)")
    assert check_decoding().mark is Mark.BAD


async def test_catalogue_with_a_wrong_line_is_a_problem_that_names_it(tmp_path: Path) -> None:
    catalogue = tmp_path / "models.toml"
    catalogue.write_text('[[image]]\nname = "mine"\ntitle = "Mine"\nsource = "someone/mine"\nfamily = "sd"\n')
    findings = [finding async for finding in check_computing(settings(tmp_path, catalogue=catalogue))]
    assert [finding.mark for finding in findings] == [Mark.BAD]
    assert "licence" in findings[0].text


async def test_models_and_devices_that_are_not_there_are_problems(tmp_path: Path) -> None:
    whole = weights("base")
    for name in ("cut/base", "empty", "hollow"):
        (tmp_path / name).mkdir(parents=True)
        shutil.copy(whole / "vocabulary.txt", tmp_path / name)
    (tmp_path / "cut/base/model.bin").write_bytes((whole / "model.bin").read_bytes()[:-1000])
    (tmp_path / "empty/model.bin").touch()
    speech = {"whole": whole, "gone": tmp_path / "base", "cut": tmp_path / "cut/base", "empty": tmp_path / "empty"}
    speech["hollow"] = tmp_path / "hollow"
    catalogue = tmp_path / "models.toml"
    catalogue.write_text(CATALOGUE + "".join(SPEECH.format(name=name, folder=at) for name, at in speech.items()))
    chosen = settings(tmp_path, catalogue=catalogue, devices="cpu,cuda:99")
    findings = [finding async for finding in check_computing(chosen)]
    marks = {finding.what: finding.mark for finding in findings}
    assert marks["device cpu"] is Mark.GOOD
    assert marks["speech model whole"] is Mark.GOOD
    problems = {finding.what: finding for finding in findings if finding.mark is Mark.BAD}
    assert set(problems) == {"model mine", "DEVICES", *(f"speech model {name}" for name in speech if name != "whole")}
    assert f"its weights are not in {tmp_path / 'base'}" in problems["speech model gone"].text
    assert problems["speech model gone"].remedy == f"Run: {FETCH} base --to {tmp_path / 'base'}"
    assert "model.bin in base is cut off" in problems["speech model cut"].text
    assert problems["speech model cut"].remedy.startswith(f"Delete that folder, then run: {FETCH} base ")
    assert "model.bin in empty is cut off" in problems["speech model empty"].text
    assert "no model.safetensors" in problems["speech model hollow"].text
    assert "cuda:99" in problems["DEVICES"].text
    assert "DEVICES=auto" in problems["DEVICES"].remedy


def test_devices_are_compared_with_those_that_torch_found() -> None:
    found = ["cuda:0", "cuda:1", "cpu"]
    assert [list(check_devices(setting, found)) for setting in ("auto", "cpu", "cuda:0,cuda:1")] == [[], [], []]
    (finding,) = check_devices("cuda:1, cuda:2", found)
    assert finding.text == "it names cuda:2, and torch sees only cuda:0, cuda:1 here"
    (finding,) = check_devices("cuda:0", ["cpu"])
    assert finding.text == "it names cuda:0, and torch sees no GPU here"
