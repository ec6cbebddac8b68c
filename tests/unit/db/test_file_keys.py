"""The shape of every file key: it may not change, for rows name files by it, and it is written in one place."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from db import file_keys
from db.files import check_key
from db.ids import LENGTH
from inference.messages import adapter_name, filmstrip_name

ROOT = Path(__file__).parents[3]
ID = "0" * LENGTH


@pytest.mark.parametrize(
    ("key", "shape"),
    [
        (file_keys.job_file(ID, "picture-1.png"), f"jobs/{ID}/picture-1.png"),
        (file_keys.job_file(ID, file_keys.PREVIEW_PICTURE), f"jobs/{ID}/preview.webp"),
        (file_keys.job_file(ID, file_keys.PREVIEW_TEXT), f"jobs/{ID}/preview.txt"),
        (file_keys.job_file(ID, file_keys.checkpoint_name(2)), f"jobs/{ID}/checkpoint-2"),
        (file_keys.job_file(ID, filmstrip_name(50)), f"jobs/{ID}/film-0050.png"),
        (file_keys.job_file(ID, adapter_name(12_000)), f"jobs/{ID}/adapter-12000.safetensors"),
        (file_keys.subject_adapter(ID), f"subjects/{ID}/adapter.safetensors"),
        (file_keys.subject_picture(ID), f"subjects/{ID}/picture.png"),
        (file_keys.subject_photo(ID, 3), f"subjects/{ID}/photo-3.png"),
        (file_keys.photo_file(ID, 0), f"uploads/{ID}/photo-0"),
        (file_keys.clip_file(99), "uploads/99/clip"),
        (file_keys.init_picture_file(99), "uploads/99/picture"),
    ],
)
def test_a_key_has_the_shape_that_rows_name(key: str, shape: str) -> None:
    assert check_key(key) == shape
    assert file_keys.id_in(key) in (ID, "99")
    assert file_keys.is_clip(key) == key.endswith("clip")
    assert file_keys.is_init_picture(key) == key.endswith("/picture")


@pytest.mark.parametrize("key", ["uploads/99/clip/clip", f"uploads/{ID[1:]}x/clip", "subjects/99/clip"])
def test_what_only_looks_like_a_clip_is_none(key: str) -> None:
    assert not file_keys.is_clip(key)


def texts(tree: ast.AST) -> Iterator[str]:
    """Yield the literals of a module, and the beginnings of its f-strings, but for its docstrings."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def test_no_other_module_writes_a_key() -> None:
    modules = [file for room in ("bot", "db", "inference") for file in (ROOT / room).rglob("*.py")]
    starts = tuple(f"{folder}/" for folder in (file_keys.JOBS, file_keys.SUBJECTS, file_keys.UPLOADS))
    guilty = {
        str(file.relative_to(ROOT))
        for file in modules
        if any(text.startswith(starts) for text in texts(ast.parse(file.read_text(encoding="utf-8"))))
    }
    assert guilty == set()
