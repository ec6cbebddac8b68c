"""What documents, docstrings and scripts cite exists: files, folders, modules and names of ours, and linked pages."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = "bot|common|db|inference|tests|docs|deploy"
PATH = re.compile(rf"`((?:{ROOMS})/[\w./-]*)`")
DOTTED = re.compile(r"`((?:bot|common|db|inference)(?:\.\w+)+)`")
PAGE = re.compile(r"`([\w-]+\.md)`")
SCRIPT = re.compile(r"""from ["'](\.{1,2}/[^"']+)["']""")
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")


def texts() -> Iterator[Path]:
    """Yield the pages and the modules, this one excepted."""
    folders = ("bot", "common", "db", "inference", "tests", "docs")
    suffixes = (".md", ".py", ".js")
    yield from sorted(ROOT.glob("*.md"))
    for folder in folders:
        yield from sorted(
            file for file in (ROOT / folder).rglob("*") if file.suffix in suffixes and file != Path(__file__)
        )


def missing(file: Path) -> set[str]:
    """Return what a file cites and nobody finds."""
    text = file.read_text(encoding="utf-8")
    paths = {name for name in PATH.findall(text) if not any((ROOT / f"{name}{end}").exists() for end in ("", ".py"))}
    names = {name for name in DOTTED.findall(text) if not is_name(name)}
    pages = {name for name in PAGE.findall(text) if not any((at / name).exists() for at in (ROOT, ROOT / "docs"))}
    links = {".md": LINK, ".js": SCRIPT}.get(file.suffix)
    gone = {link for link in (links.findall(text) if links else ()) if not (file.parent / link).exists()}
    return paths | names | pages | gone


def is_name(dotted: str) -> bool:
    """Tell whether something is a module of ours, or named in one, without importing what is heavy."""
    *parents, last = dotted.split(".")
    file = ROOT.joinpath(*parents)
    source = file.with_suffix(".py") if file.with_suffix(".py").is_file() else file / "__init__.py"
    if ROOT.joinpath(*parents, last).is_dir() or ROOT.joinpath(*parents, f"{last}.py").is_file():
        return True
    if len(parents) > 1 and source.is_file():
        return re.search(rf"\b{last}\b", source.read_text(encoding="utf-8")) is not None
    return False


def test_what_a_file_cites_exists() -> None:
    found = {str(file.relative_to(ROOT)): names for file in texts() if (names := missing(file))}
    assert found == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("page.md", "`inference/audio_child.py`"),
        ("page.md", "`threats.md`"),
        ("page.md", "[x](gone.md)"),
        ("module.py", "`bot.sandbox.stream`"),
        ("script.js", 'import { x } from "./gone.js";'),
        ("script.js", 'import { x } from "../gone/x.js";'),
    ],
)
def test_what_is_gone_is_found(name: str, text: str, tmp_path: Path) -> None:
    page = tmp_path / name
    page.write_text(text)
    assert len(missing(page)) == 1
