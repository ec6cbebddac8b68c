"""A small discord.py bot that uses what a bot can use; it knows nothing of Atelier."""

import io
from typing import Any, cast

import discord
from discord import app_commands, ui
from PIL import Image

from bot.sandbox.state.seed import GENERAL


class Remember(ui.DynamicItem[ui.Button[Any]], template=r"remember:(?P<number>\d+)"):
    """A button that carries a number and works after any restart."""

    def __init__(self, number: int) -> None:
        super().__init__(ui.Button(label=f"Remember {number}", custom_id=f"remember:{number}"))
        self.number = number

    @classmethod
    async def from_custom_id(cls, interaction: Any, item: Any, match: Any, /) -> "Remember":
        """Read the number back."""
        return cls(int(match["number"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Say the number to the one who pressed."""
        await interaction.response.send_message(f"remembered {self.number}", ephemeral=True)


class Card(ui.LayoutView):
    """A Components V2 card: text, a gallery, a menu and a button."""

    def __init__(self, text: str, *pictures: str, number: int = 7) -> None:
        super().__init__(timeout=None)
        box: ui.Container[Any] = ui.Container(ui.TextDisplay(text), accent_colour=0x5865F2)
        if pictures:
            gallery: ui.MediaGallery[Any] = ui.MediaGallery()
            for name in pictures:
                gallery.add_item(media=f"attachment://{name}", description=f"alt of {name}")
            box.add_item(gallery)
        row: ui.ActionRow[Any] = ui.ActionRow()
        row.add_item(Remember(number))
        box.add_item(row)
        self.add_item(box)


class Choose(ui.View):
    """An old-style view with two menus and a button that edits its own message."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @ui.select(custom_id="size", options=[discord.SelectOption(label=n) for n in ("small", "large")], max_values=2)
    async def size(self, interaction: discord.Interaction[Any], menu: ui.Select[Any]) -> None:
        """Say what was chosen."""
        await interaction.response.edit_message(content="chosen " + ",".join(menu.values))

    @ui.select(cls=ui.UserSelect, custom_id="who")
    async def who(self, interaction: discord.Interaction[Any], menu: ui.UserSelect[Any]) -> None:
        """Say who was chosen."""
        await interaction.response.send_message(f"picked {menu.values[0].name}", ephemeral=True)

    @ui.button(label="Later", custom_id="later")
    async def later(self, interaction: discord.Interaction[Any], button: ui.Button[Any]) -> None:
        """Acknowledge, then edit."""
        await interaction.response.defer()
        await interaction.edit_original_response(content="edited later")


class Photos(ui.Modal, title="Your photos"):
    """A form with everything that forms have."""

    name: ui.Label[Any] = ui.Label(text="Name", component=ui.TextInput(custom_id="name", min_length=2, max_length=20))
    photos: ui.Label[Any] = ui.Label(
        text="Photos", component=ui.FileUpload(custom_id="photos", min_values=1, max_values=10)
    )
    consent: ui.Label[Any] = ui.Label(text="Consent", component=ui.Checkbox(custom_id="consent"))
    kind: ui.Label[Any] = ui.Label(
        text="Kind",
        component=ui.Select(custom_id="kind", options=[discord.SelectOption(label=n) for n in ("dog", "cat")]),
    )

    def labels(self) -> list[ui.Label[Any]]:
        """Return the labels in the order shown."""
        return [self.name, self.photos, self.consent, self.kind]

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        """Say what arrived, bytes read back from the CDN."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        name, photos, consent, kind = cast(Any, [label.component for label in self.labels()])
        sizes = [len(await attachment.read()) for attachment in photos.values]
        text = f"{name.value} {kind.values[0]} {sizes} {consent.value}"
        await interaction.followup.send(text)


class Demo(discord.Client):
    """Notes what it hears, and offers one of each kind of command."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(guild_ready_timeout=0, allowed_mentions=discord.AllowedMentions.none(), **settings)
        self.tree = app_commands.CommandTree(self)
        self.heard: list[discord.Message] = []
        self.seen: list[str] = []
        self.reactions: list[tuple[str, str]] = []
        add_commands(self.tree)

    async def setup_hook(self) -> None:
        """Register commands and persistent buttons."""
        self.add_dynamic_items(Remember)
        self.add_view(Choose())
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Do not wait 5 s before a second IDENTIFY."""

    async def on_message(self, message: discord.Message) -> None:
        """Note what people say."""
        if message.author != self.user:
            self.heard.append(message)

    async def on_ready(self) -> None:
        """Note a new session."""
        self.seen.append("ready")

    async def on_resumed(self) -> None:
        """Note a resumed session."""
        self.seen.append("resumed")

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        """Note a reaction."""
        self.reactions.append(("add", str(event.emoji)))

    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        """Note a reaction taken back."""
        self.reactions.append(("remove", str(event.emoji)))


def png(grey: int) -> discord.File:
    """Return a tiny picture, with its grey as one byte behind it, where tests can read it."""
    content = io.BytesIO()
    Image.new("L", (32, 16), grey).save(content, "PNG")
    return discord.File(io.BytesIO(content.getvalue() + bytes([grey])), f"{grey}.png", description=f"grey {grey}")


def add_commands(tree: app_commands.CommandTree[Any]) -> None:
    """Add one of each kind of command."""

    @tree.command(description="Everything that an option can be")
    async def options(
        interaction: discord.Interaction[Any],
        text: app_commands.Range[str, 1, 10],
        whole: app_commands.Range[int, 1, 4] = 4,
        number: app_commands.Range[float, 0.5, 30.0] = 7.5,
        yes: bool = False,
        who: discord.Member | None = None,
        role: discord.Role | None = None,
        where: discord.TextChannel | None = None,
        file: discord.Attachment | None = None,
    ) -> None:
        parts = [text, whole, number, yes, who and who.name, role and role.name, where and where.name]
        parts.append(len(await file.read()) if file else None)
        await interaction.response.send_message(repr(parts))

    @tree.command(description="Completes")
    async def model(interaction: discord.Interaction[Any], name: str) -> None:
        await interaction.response.send_message(name)

    @model.autocomplete("name")
    async def complete(interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
        names = ("tiny", "small", "large")
        return [app_commands.Choice(name=n.title(), value=n) for n in names if n.startswith(current)]

    @tree.command(description="Draws, in three steps")
    async def draw(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(view=Card("waiting"))
        await interaction.edit_original_response(view=Card("halfway", "1.png"), attachments=[png(1)])
        await interaction.edit_original_response(view=Card("done", "2.png", "3.png"), attachments=[png(2), png(3)])

    @tree.command(description="Menus")
    async def menus(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_message("choose", view=Choose())

    @tree.command(description="A form")
    async def form(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_modal(Photos())

    @tree.command(description="Speaks in private, twice")
    async def whisper(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_message("first", ephemeral=True)
        await interaction.followup.send("second", ephemeral=True, file=discord.File(io.BytesIO(b"long"), "long.txt"))

    @tree.command(description="Never answers")
    async def silent(interaction: discord.Interaction[Any]) -> None:
        pass

    @tree.command(description="For operators")
    @app_commands.default_permissions(manage_guild=True)
    async def desk(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_message("welcome")

    @tree.command(description="For adults", nsfw=True)
    async def adult(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_message("hello")

    @tree.context_menu(name="Weigh")
    async def weigh(interaction: discord.Interaction[Any], message: discord.Message) -> None:
        sizes = [a.size for a in message.attachments]
        await interaction.response.send_message(f"{message.content} {sizes}", ephemeral=True)

    @tree.context_menu(name="Greet")
    async def greet(interaction: discord.Interaction[Any], member: discord.Member) -> None:
        await interaction.response.send_message(f"hello {member.name}")

    group = app_commands.Group(name="quota", description="A group")

    @group.command(description="Grants")
    async def grant(interaction: discord.Interaction[Any], who: discord.User, amount: int) -> None:
        await interaction.response.send_message(f"{who.name} gets {amount}")

    tree.add_command(group)


def general(demo: Demo) -> discord.TextChannel:
    """Return the bot's #general of The Studio."""
    channel = demo.get_channel(int(GENERAL))
    assert isinstance(channel, discord.TextChannel)
    return channel
