"""The pictures of /help, drawn by the built-in model: `python -m tests.bench.help_pictures` writes them anew.

They lie in the wheel, so they are few and small. What is on them, `bot.features.help.topics` says.
"""

import io

from PIL import Image

from bot.features.help.pictures import FOLDER, HEIGHT_PX, file_of
from bot.features.help.topics import topics_for
from inference.catalogue import Catalogue, ImageModel, read_catalogue
from inference.engines.image.adapters.cache import AdapterCache
from inference.engines.image.engine import ImageEngine
from inference.engines.image.models.loading import ModelCache
from inference.messages import Failed, Output, Task
from inference.requests import ImageRequest

GAP_PX = 12
QUALITY = 80


def draw(spec: ImageModel, prompts: list[tuple[str, int]]) -> list[Image.Image]:
    """Draw each prompt with its seed, all of them in one pass."""
    engine = ImageEngine(
        Catalogue(images=(spec,), speech=()),
        ModelCache("cpu", limit_bytes=1 << 30),
        AdapterCache(limit_bytes=1 << 20),
        slots=len(prompts),
        lanes_max=len(prompts),
    )
    for number, (prompt, seed) in enumerate(prompts):
        size = {"width_px": spec.width_px, "height_px": spec.height_px, "steps": spec.steps, "guidance": spec.guidance}
        request = ImageRequest(prompt=prompt, model=spec.name, seed=seed, count=1, **size)  # type: ignore[arg-type]
        engine.admit(Task(str(number), 1, request, {}))
    drawn: dict[int, Image.Image] = {}
    while engine.busy():
        for event in engine.step():
            if isinstance(event, Failed):
                raise RuntimeError(event.message)
            if isinstance(event, Output):
                drawn[int(event.job_id)] = Image.open(io.BytesIO(event.content)).convert("RGB")
    engine.close()
    return [drawn[number] for number in range(len(prompts))]


def strip(pictures: list[Image.Image]) -> bytes:
    """Return pictures beside each other, as a WebP."""
    width = len(pictures) * HEIGHT_PX + (len(pictures) - 1) * GAP_PX
    joined = Image.new("RGB", (width, HEIGHT_PX), "white")
    for at, picture in enumerate(pictures):
        small = picture.resize((HEIGHT_PX, HEIGHT_PX), Image.Resampling.LANCZOS)
        joined.paste(small, (at * (HEIGHT_PX + GAP_PX), 0))
    stream = io.BytesIO()
    joined.save(stream, "WEBP", quality=QUALITY, method=6)
    return stream.getvalue()


def main() -> None:
    """Write all of them, and say how large they are."""
    spec = read_catalogue().images[0]
    topics = topics_for(operator=True).values()
    drawn = iter(
        draw(spec, [(prompt, topic.seed + at) for topic in topics for at, prompt in enumerate(topic.pictures)])
    )
    FOLDER.mkdir(exist_ok=True)
    for topic in topics:
        content = strip([next(drawn) for _ in topic.pictures])
        (FOLDER / file_of(topic)).write_bytes(content)
        print(topic.key, len(content))


if __name__ == "__main__":
    main()
