"""What computes: decoders, the catalogue, devices and models. Torch is asked in a child, as the bot never loads it."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

from bot.doctor.finding import Finding, Mark
from bot.settings import Settings
from bot.shared.files.photos import PhotoDecoder
from inference.audio import AudioDecoder, AudioLimits
from inference.catalogue import read_catalogue
from inference.decoders.process import NotDecoded
from inference.errors import ModelUnusable
from inference.picture_files import PictureDecoder
from inference.pool.devices import AUTO, parse_devices
from inference.pool.environment import worker_environment

CHECK_TIMEOUT_S = 180.0  # importing torch from a cold disk takes its time


def check_decoding() -> Finding:
    """Start the processes that decode, and see what they could not give up."""
    missing = ""
    for decoder in (AudioDecoder(AudioLimits()), PhotoDecoder(), PictureDecoder(pixels_max=1 << 20)):
        try:
            missing = decoder.process.start()
        except NotDecoded:
            text = "the process that opens members' files does not start"
            return Finding(Mark.BAD, "decoding", text, "Run `make setup` again.")
        finally:
            decoder.close()
    if missing:
        remedy = "Install libseccomp2 (Debian's name), and use a kernel with seccomp. Its other limits hold without it."
        text = f"members' files are opened in a locked-down process, but with {missing}"
        return Finding(Mark.NOTE, "decoding", text, remedy)
    return Finding(Mark.GOOD, "decoding", "members' files are opened in a locked-down process")


async def check_computing(settings: Settings) -> AsyncIterator[Finding]:
    """Check the catalogue here, and devices and models in a child."""
    catalogue = settings.catalogue_file
    try:
        read_catalogue(catalogue)
    except ModelUnusable as error:
        remedy = "Correct it (docs/setup.md has an example), or the path in CATALOGUE."
        yield Finding(Mark.BAD, "catalogue", str(error), remedy)
        return
    first = next(iter(named_devices(settings.devices)), "")  # empty: the child takes the first that there is
    reports = await ask_child(str(catalogue), first, settings.low_memory)
    if isinstance(reports, Finding):
        yield reports
        return
    for report in reports:
        mark = Mark.GOOD if report["good"] else Mark.BAD
        yield Finding(mark, f"{report['what']} {report['name']}", report["text"], report["remedy"])
    for finding in check_devices(settings.devices, [one["name"] for one in reports if one["what"] == "device"]):
        yield finding


def check_devices(setting: str, found: list[str]) -> Iterator[Finding]:
    """Compare the devices that the setting names with those that torch found."""
    gpus = [name for name in found if name != "cpu"]
    for name in named_devices(setting):
        if name not in found:
            seen = f"only {', '.join(gpus)}" if gpus else "no GPU"
            remedy = "Set DEVICES=auto, which takes what there is, or see with `nvidia-smi` why the GPU is not there."
            yield Finding(Mark.BAD, "DEVICES", f"it names {name}, and torch sees {seen} here", remedy)


def named_devices(setting: str) -> tuple[str, ...]:
    """Return the devices that the setting names; none where it takes what there is."""
    return () if setting.strip() == AUTO else parse_devices(setting)


async def ask_child(*arguments: str) -> list[dict[str, Any]] | Finding:
    """Return what the child reports (`inference.engines.check`), or why it does not."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "inference.engines.check", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=worker_environment(os.environ),
    )
    try:
        said, complaint = await asyncio.wait_for(child.communicate(), CHECK_TIMEOUT_S)
    except TimeoutError:
        child.kill()
        await child.wait()
        remedy = "Check whether the disk is very slow, or the GPU's driver hangs."
        return Finding(Mark.BAD, "devices", "torch did not start in time", remedy)
    if child.returncode:
        reason = (complaint.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
        return Finding(Mark.BAD, "devices", f"torch does not start ({reason})", "Run `make setup` again.")
    return [json.loads(line) for line in said.splitlines()]
