"""What members type and send: what makes sense, and what somebody tries who wants to see something break."""

import random
from functools import cache

from PIL import Image

from bot.sandbox.state.attachments import Upload
from bot.sandbox.state.seed import BOT
from tests.support.files.photos import bomb, encoded, picture

GATE_WORD = "gate"  # jobs with it stop at half until the walk lets them go on
SENSIBLE = (
    "a red heart",
    "noise",  # drawn with 96 × 96 pixels
    "a garden gate",
    "a garden gate at night",
    "a blue house --ar 3:2 --seed 7",
    "a cat —no fog,rain --chaos 20 --s 300",
    "{red, blue} {cat, dog}",
    "{a, b, c, d, e, f, g} {h, i, j, k, l, m, n}",
    "a tree::2 a lake::1",
    "Rex in the snow",
    "Rex",
    "dog",
    "make it night",
    "a heart flag@1",
    "a heart unchecked",
    "raise@2",
    "oom@3",
    "nan",
    "German",
    "50",
    "7",
    "3:2",
    "2",
)
NASTY = (
    "@everyone <@&150000000000000001> [here](https://example.org)",
    "```\n**# not code**\n```",
    "\u202eegami na\u202c \u200b\u200d\ufeff",
    "--ar 0:0 --seed x --strength 9999 --unknown",
    "-1",
    "1e309",
    "' OR 1=1; --",
    "{} {,} {{a, b}",
    "\x00\x07",
    "🟥" * 60,
    "word " * 800,
    "é" * 4000,
    " ",
    "::::",
)


def text(chance: random.Random, seen_ids: tuple[str, ...] = ()) -> str:
    """Return something to type; now and then an id that could be seen."""
    dice = chance.random()
    if seen_ids and dice < 0.15:
        return chance.choice(seen_ids)
    return chance.choice(SENSIBLE if dice < 0.75 else NASTY)


def said(chance: random.Random) -> str:
    """Return something to say in a channel."""
    call = f"<@{BOT}> " if chance.random() < 0.7 else ""
    return f"{call}{text(chance)}"[:2000].strip() or "…"


def file(chance: random.Random) -> Upload:
    """Return a file to send: mostly a picture."""
    return chance.choices(_files(), weights=[8] * 4 + [1] * (len(_files()) - 4))[0]


def clip(chance: random.Random) -> bytes:
    """Return a voice message."""
    return chance.choice((b"OggS say:a red heart", b"OggS silence", b"OggS say:one. two. three.", b"OggS", b"no clip"))


@cache
def _files() -> tuple[Upload, ...]:
    mask = Image.new("L", (96, 96))
    mask.paste(255, (0, 0, 48, 96))
    return (
        Upload(filename="photo.png", content=encoded(picture()), content_type="image/png"),
        Upload(filename="photo.jpg", content=encoded(picture(2, 160, 200), "JPEG"), content_type="image/jpeg"),
        Upload(filename="photo.webp", content=encoded(picture(3), "WEBP"), content_type="image/webp"),
        Upload(filename="mask.png", content=encoded(mask), content_type="image/png"),
        Upload(filename="small.png", content=encoded(Image.new("RGB", (1, 1))), content_type="image/png"),
        Upload(filename="bomb.png", content=bomb(30_000, 30_000), content_type="image/png"),
        Upload(filename="not.png", content=b"no picture", content_type="image/png"),
        Upload(filename="empty.png", content=b"", content_type="image/png"),
        Upload(filename="clip.ogg", content=b"OggS say:a red heart", content_type="audio/ogg"),
        Upload(filename="notes.txt", content=b"notes", content_type="text/plain"),
    )
