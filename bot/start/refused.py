"""Why Atelier does not start here."""


class StartRefused(Exception):
    """One sentence that says what is wrong, and one that says what to do."""

    def __init__(self, text: str, remedy: str) -> None:
        super().__init__(f"{text} {remedy}".strip())
        self.text = text
        self.remedy = remedy
