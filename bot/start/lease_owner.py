"""Who owned the leases of the bot before: whoever holds the data folder's lock knows that it has ended."""

from pathlib import Path

FILE = "lease-owner"


def succeed(folder: Path, owner: str) -> str:
    """Note in the data folder who owns the bot's leases from now on; return who did before, empty: nobody known.

    Args:
        folder: the data folder, whose lock the caller holds.
        owner: a name that no other process ever has.
    """
    file = folder / FILE
    try:
        before = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        before = ""  # then its leases run out, as those of any other machine do
    file.write_text(f"{owner}\n", "utf-8")
    return before
