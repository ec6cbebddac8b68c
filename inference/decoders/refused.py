"""What a decoder says instead of raising whatever a library raised."""


class FileRefused(Exception):
    """The file cannot be decoded. The text is a word for the reason; the side that asked makes a sentence of it."""
