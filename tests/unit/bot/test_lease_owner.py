"""Whose leases the bot before had."""

from pathlib import Path

from bot.start.lease_owner import FILE, succeed


def test_each_start_learns_of_the_one_before(tmp_path: Path) -> None:
    assert [succeed(tmp_path, owner) for owner in ("mercury-1-a", "mercury-1-b", "venus-2-c")] == [
        "",
        "mercury-1-a",
        "mercury-1-b",
    ]


def test_note_that_cannot_be_read_names_nobody(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\xff\xfe")
    assert succeed(tmp_path, "mercury-1-a") == ""
    assert succeed(tmp_path, "mercury-1-b") == "mercury-1-a"
