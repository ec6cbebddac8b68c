"""A part of a picture painted with a brush: the page's address for it, and what is done with the mask from there."""

import asyncio
import io

import discord
from PIL import Image

from bot.features.vary.changes import Change
from bot.features.vary.order import USE, VaryOrderRequest, vary
from bot.shared.cards.asking import show
from bot.shared.discord.interactions import context_of, limits_of, services_of
from bot.shared.discord.limits import PICTURES
from bot.shared.errors import JobGone
from bot.shared.orders.source_pictures import source_picture
from bot.shared.paint_links import Painting
from db.queue.finding import find_job
from db.queue.job import Job

EASEL_PX = 768  # the longest side of what is painted on
ASKS = "Draw what you painted?"


def painting_address(
    interaction: discord.Interaction, job: Job, number: int, *, content: bytes, words: str, private: bool
) -> str:
    """Return an address by which a picture's mask is painted; the chat then asks whether to draw it.

    Args:
        interaction: by which it was asked for: acknowledged privately, and its answer becomes the question.
        job: the job that made the picture.
        number: which of its pictures, from 1.
        content: the picture.
        words: what it shows.
        private: only the one who asks will see the result.
    """
    services, size_px = services_of(interaction), easel_px(content)

    async def read() -> bytes:
        fresh = await services.db.read(find_job, job.id)
        if fresh is None:
            raise JobGone
        context = await context_of(interaction, private=True)
        picture = await source_picture(services, fresh, number, context, use=USE)
        return await asyncio.to_thread(on_easel, await services.files.get(picture.key))

    async def send(mask: bytes, said: str) -> None:
        limits_of(interaction).take(PICTURES, interaction.user.id)
        context = await context_of(interaction, private=private)
        wanted = VaryOrderRequest(
            source_job_id=job.id, number=number, change=Change.REGION, prompt=said, painted=True, asks=ASKS
        )
        await services.init_pictures.take_in_painted(mask, size_px, context.interaction_id)
        try:
            outcome = await vary(services, job, wanted, context)
        except Exception:
            await services.init_pictures.forget(context.interaction_id)
            raise
        await show(interaction, outcome)

    painting = Painting(
        user_id=interaction.user.id,
        job_id=job.id,
        number=number,
        size_px=size_px,
        words=words,
        read=read,
        send=send,
    )
    return services.paint_links.make(painting)


def easel_px(content: bytes) -> tuple[int, int]:
    """Return width and height at which a picture of ours is painted on."""
    with Image.open(io.BytesIO(content)) as opened:
        width, height = opened.size
    scale = EASEL_PX / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def on_easel(content: bytes) -> bytes:
    """Return a picture of ours as a WebP of that size, without anything but its pixels. CPU work."""
    with Image.open(io.BytesIO(content)) as opened:
        image = opened.convert("RGB").resize(easel_px(content))
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=90)
    return stream.getvalue()
