"""What a card of a job shows besides the job itself."""

from dataclasses import dataclass, replace

from bot.shared.files.pictures import Picture
from db.queue.fair_order.position import QueuePosition


@dataclass(frozen=True, slots=True, kw_only=True)
class CardContent:
    """What a card shows besides the job itself."""

    place: QueuePosition | None = None
    wait_s: float | None = None
    preview: Picture | None = None
    pictures: tuple[Picture, ...] = ()
    steps: tuple[int, ...] = ()  # of a training: those that its filmstrip shows
    chosen: int | None = None  # the one of them that its subject is, or will be, used from
    words: str = ""  # of a transcript: what was heard so far
    documents: tuple[Picture, ...] = ()  # files that are not looked at but opened
    mention: bool = False  # a message of its own tells its requester that it has come

    hidden: bool = False  # there are pictures, but not for this place

    def without_pictures(self) -> "CardContent":
        """Return the same for a place that is not age-restricted, where the pictures are for such places."""
        return replace(self, preview=None, pictures=(), hidden=True)

    @property
    def gallery(self) -> tuple[Picture, ...]:
        """The files that are looked at."""
        return self.pictures or ((self.preview,) if self.preview else ())

    @property
    def files(self) -> tuple[Picture, ...]:
        """The files that have to be sent along."""
        return self.gallery + self.documents
