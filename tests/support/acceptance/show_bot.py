"""A small bot that shows everything which the chat page can draw. It draws nothing itself and needs no model.

Its pictures come as fast as the test lets them: each step of `/imagine` waits for `go`.
"""

import asyncio
import io
from typing import Any, Literal

import discord
from discord import app_commands, ui
from PIL import Image

from bot.platform import point_at
from bot.sandbox.server import Sandbox

STEPS = 4
NAMES = ("emoji-small", "emoji-large", "photo")
Interaction = discord.Interaction[discord.Client]


def picture(colour: str, size_px: int = 64) -> bytes:
    """Return a PNG of one colour."""
    content = io.BytesIO()
    Image.new("RGB", (size_px, size_px), colour).save(content, "PNG")
    return content.getvalue()


class Again(ui.Button["Card"]):
    """The card's buttons; what they answer depends on their label."""

    async def callback(self, interaction: Interaction) -> None:
        """Answer the press."""
        match self.label:
            case "Info":
                await interaction.response.send_message("seed **1234** · ||spoiler||", ephemeral=True)
            case "Form…":
                await interaction.response.send_modal(TrainForm())
            case "Ignore":
                pass  # the person sees that nothing came back
            case _:
                await interaction.response.send_message(f"{self.label} pressed by {interaction.user.mention}")


class Variation(ui.Select["Card"]):
    """A select on the card."""

    def __init__(self) -> None:
        options = [discord.SelectOption(label=f"Picture {i}", value=str(i), description="vary") for i in (1, 2)]
        super().__init__(custom_id="vary", placeholder="Vary one of them", options=options)

    async def callback(self, interaction: Interaction) -> None:
        """Say what was chosen."""
        await interaction.response.send_message(f"varying {self.values[0]}", ephemeral=True)


class Card(ui.LayoutView):
    """A job as a card: progress first, pictures at the end."""

    def __init__(self, prompt: str, step: int, count: int) -> None:
        super().__init__(timeout=None)
        done = step == STEPS
        shown = count if done else min(step, 1)
        head: ui.TextDisplay[Card] = ui.TextDisplay(
            f"### {discord.utils.escape_markdown(prompt)}\nstep {step} of {STEPS}"
        )
        items: list[ui.Item[Any]] = [head]
        if shown:
            files = [f"{i}.png" if done else "preview.png" for i in range(shown)]
            tiles = [
                discord.MediaGalleryItem(f"attachment://{f}", description=f"{prompt}, {i + 1}")
                for i, f in enumerate(files)
            ]
            items.append(ui.MediaGallery(*tiles))
        labels = ("Re-roll", "Info", "Form…", "Ignore") if done else ("Cancel",)
        items.append(ui.ActionRow(*[Again(label=label, custom_id=f"demo:{label}") for label in labels]))
        if done:
            items.append(ui.ActionRow(Variation()))
        self.add_item(ui.Container(*items, accent_colour=0xD7263D))


class TrainForm(ui.Modal, title="Train a subject"):
    """A form with every kind of field that our forms use."""

    name: ui.Label[Any] = ui.Label(
        text="Name", description="How to call it", component=ui.TextInput(custom_id="name", min_length=2, max_length=20)
    )
    photos: ui.Label[Any] = ui.Label(
        text="Photos", component=ui.FileUpload(custom_id="photos", min_values=2, max_values=10)
    )
    kind: ui.Label[Any] = ui.Label(
        text="Kind",
        component=ui.Select(
            custom_id="kind", options=[discord.SelectOption(label="a dog"), discord.SelectOption(label="a cat")]
        ),
    )

    async def on_submit(self, interaction: Interaction) -> None:
        """Say what arrived."""
        name, photos, kind = self.name.component, self.photos.component, self.kind.component
        assert isinstance(name, ui.TextInput)
        assert isinstance(photos, ui.FileUpload)
        assert isinstance(kind, ui.Select)
        files = ", ".join(sorted(photo.filename for photo in photos.values))
        await interaction.response.send_message(f"{name.value}, {kind.values[0]}: {files}")


class ShowBot(discord.Client):
    """The bot. `go` lets one step of a drawing happen."""

    def __init__(self) -> None:
        super().__init__(
            intents=discord.Intents.all(), allowed_mentions=discord.AllowedMentions.none(), guild_ready_timeout=0
        )
        self.tree = app_commands.CommandTree(self)
        self.go = asyncio.Semaphore(0)
        self._add_commands()

    async def setup_hook(self) -> None:
        """Register the commands."""
        await self.tree.sync()

    async def draw(self, interaction: Interaction, prompt: str, count: int) -> None:
        """Show a card and let it grow, a step at each `go`."""
        await interaction.response.defer()
        for step in range(STEPS + 1):
            await self.go.acquire()
            names = [f"{i}.png" for i in range(count)] if step == STEPS else ["preview.png"] if step else []
            colours = ("#e8505b", "#f9d56e", "#7fc8a9", "#4d77ff")
            files = [discord.File(io.BytesIO(picture(colours[i])), name) for i, name in enumerate(names)]
            await interaction.edit_original_response(view=Card(prompt, step, count), attachments=files)

    def _add_commands(self) -> None:
        @self.tree.command(description="Draw pictures from words")
        @app_commands.describe(
            prompt="What to draw", count="How many", aspect="Shape", model="Which model", private="For you alone"
        )
        async def imagine(
            interaction: Interaction,
            prompt: app_commands.Range[str, 1, 500],
            count: app_commands.Range[int, 1, 4] = 4,
            aspect: Literal["square", "wide", "tall"] = "square",
            model: str | None = None,
            private: bool = False,
        ) -> None:
            if private or model:
                await interaction.response.send_message(f"{prompt} | {aspect} | {model}", ephemeral=True)
            else:
                await self.draw(interaction, prompt, count)

        @imagine.autocomplete("model")
        async def models(_: Interaction, typed: str) -> list[app_commands.Choice[str]]:
            return [app_commands.Choice(name=name, value=name) for name in NAMES if typed in name]

        @self.tree.command(description="What is left")
        async def quota(interaction: Interaction) -> None:
            await interaction.response.send_message("**96** credits left", ephemeral=True)

        @self.tree.command(description="Opens a form")
        async def train(interaction: Interaction) -> None:
            await interaction.response.send_modal(TrainForm())

        @self.tree.command(description="Never answers")
        async def silence(interaction: Interaction) -> None:
            pass

        @self.tree.context_menu(name="Transcribe")
        async def transcribe(interaction: Interaction, message: discord.Message) -> None:
            seconds = message.attachments[0].duration if message.attachments else None
            await interaction.response.send_message(
                f"> heard {seconds or 0:.0f} s", file=discord.File(io.BytesIO(b"1\nheard\n"), "heard.srt")
            )


async def start(box: Sandbox) -> tuple[ShowBot, asyncio.Task[None]]:
    """Start the bot against a sandbox; return it and the task in which it runs."""
    point_at(box.url)
    bot = ShowBot()
    task = asyncio.create_task(bot.start(box.token))
    await box.until(lambda: box.bot_online and len(bot.tree.get_commands()) > 0)
    await bot.wait_until_ready()
    return bot, task
