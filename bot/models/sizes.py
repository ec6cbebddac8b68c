"""Sizes of files, as operators read them."""


def size_text(size_bytes: int) -> str:
    """Return a size in MB or GB, such as '2.1 GB'."""
    return f"{size_bytes / 1e9:,.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:,.1f} MB"
