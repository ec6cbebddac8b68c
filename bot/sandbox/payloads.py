"""How things look in Discord's JSON, through the eyes of one account.

https://discord.com/developers/docs/reference
"""

import copy
from typing import Any

from bot.sandbox.files import Files
from bot.sandbox.messages import Message, Messages
from bot.sandbox.permissions import in_channel, is_operator
from bot.sandbox.world import DM_CHANNEL, Channel, Guild, Role, User, World

Json = dict[str, Any]


class Payloads:
    """Turns the world into Discord's JSON."""

    def __init__(self, world: World, messages: Messages, files: Files) -> None:
        self._world = world
        self._messages = messages
        self._files = files

    def user(self, user: User) -> Json:
        """Return a user object; `sandbox` holds what the page draws for an avatar."""
        return {
            "id": user.id,
            "username": user.username,
            "discriminator": "0000" if user.bot else "0",
            "global_name": None if user.bot else user.global_name,
            "avatar": None,
            "bot": user.bot,
            "system": False,
            "public_flags": 0,
            "sandbox": {
                "colour": user.colour,
                "initials": initials(user.global_name),
                "operator": any(is_operator(g, user.id) for g in self._world.guilds.values()),
            },
        }

    def member(self, guild: Guild, user_id: str, *, with_user: bool = True) -> Json:
        """Return a guild member object."""
        member = guild.members[user_id]
        body: Json = {
            "roles": list(member.roles),
            "joined_at": member.joined_at,
            "nick": None,
            "avatar": None,
            "premium_since": None,
            "pending": False,
            "deaf": False,
            "mute": False,
            "flags": 0,
            "communication_disabled_until": None,
            "sandbox": {"operator": is_operator(guild, user_id)},
        }
        return body | {"user": self.user(self._world.user(user_id))} if with_user else body

    def role(self, role: Role) -> Json:
        """Return a role object."""
        body: Json = {
            "id": role.id,
            "name": role.name,
            "color": role.colour,
            "colors": {"primary_color": role.colour, "secondary_color": None, "tertiary_color": None},
            "hoist": role.position > 0,
            "icon": None,
            "unicode_emoji": None,
            "position": role.position,
            "permissions": str(role.permissions),
            "managed": role.managed,
            "mentionable": False,
            "flags": 0,
        }
        return body | {"tags": {"bot_id": self._world.bot_id}} if role.managed else body

    def channel(self, channel: Channel, viewer_id: str) -> Json:
        """Return a channel object."""
        if channel.type == DM_CHANNEL:
            others = [self.user(self._world.user(u)) for u in channel.recipients if u != viewer_id]
            return {"id": channel.id, "type": DM_CHANNEL, "last_message_id": channel.last_message_id} | {
                "recipients": others,
                "flags": 0,
            }
        return {
            "id": channel.id,
            "type": channel.type,
            "guild_id": channel.guild_id,
            "name": channel.name,
            "topic": channel.topic,
            "nsfw": channel.nsfw,
            "position": channel.position,
            "parent_id": None,
            "rate_limit_per_user": 0,
            "permission_overwrites": [
                {"id": user_id, "type": 1, "allow": "0", "deny": str(bits)}
                for user_id, bits in channel.denied.items()
                if bits
            ],
            "last_message_id": channel.last_message_id,
            "flags": 0,
        }

    def partial_channel(self, channel: Channel, user_id: str) -> Json:
        """Return a channel as interactions carry it, with somebody's permissions in it."""
        bits = in_channel(channel, self._world.guild_of(channel), user_id)
        return self.channel(channel, self._world.bot_id) | {"permissions": str(bits)}

    def guild(self, guild: Guild) -> Json:
        """Return a guild object as REST gives it."""
        return {
            "id": guild.id,
            "name": guild.name,
            "owner_id": guild.owner_id,
            "roles": [self.role(r) for r in guild.roles.values()],
            "emojis": [],
            "stickers": [],
            "features": [],
            "icon": None,
            "splash": None,
            "banner": None,
            "description": None,
            "preferred_locale": "en-US",
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw_level": 0,
            "premium_tier": 0,
            "premium_subscription_count": 0,
            "premium_progress_bar_enabled": False,
            "system_channel_id": None,
            "system_channel_flags": 0,
            "afk_channel_id": None,
            "afk_timeout": 300,
            "rules_channel_id": None,
            "public_updates_channel_id": None,
            "approximate_member_count": len(guild.members),
        }

    def guild_create(self, guild: Guild, *, all_members: bool) -> Json:
        """Return a guild as the Gateway gives it, with channels and members (all, or the bot alone)."""
        shown = guild.members if all_members else [self._world.bot_id]
        return self.guild(guild) | {
            "joined_at": guild.members[self._world.bot_id].joined_at,
            "large": False,
            "unavailable": False,
            "member_count": len(guild.members),
            "members": [self.member(guild, user_id) for user_id in shown],
            "channels": [self.channel(c, self._world.bot_id) for c in self._world.channels_of(guild)],
            "threads": [],
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }

    def message(self, message: Message, viewer_id: str, *, with_reply: bool = True) -> Json:
        """Return a message object."""
        channel = self._world.channels[message.channel_id]
        guild = self._world.guild_of(channel)
        body: Json = {
            "id": message.id,
            "channel_id": channel.id,
            "type": message.type,
            "content": message.content,
            "author": self.user(self._world.user(message.author_id)),
            "timestamp": message.timestamp,
            "edited_timestamp": message.edited_timestamp,
            "tts": False,
            "pinned": False,
            "flags": message.flags,
            "mention_everyone": message.mentions.everyone,
            "mentions": [self.user(self._world.user(u)) for u in message.mentions.users],
            "mention_roles": list(message.mentions.roles),
            "attachments": [self._files.payload(f) for f in message.files],
            "embeds": self._fresh(message.embeds),
            "components": self._fresh(message.components),
            "reactions": [_reaction(emoji, who, viewer_id) for emoji, who in message.reactions.items()],
        }
        if guild:
            body["guild_id"] = guild.id
            if message.author_id in guild.members:
                body["member"] = self.member(guild, message.author_id, with_user=False)
        if message.by_webhook:
            body["application_id"] = body["webhook_id"] = self._world.application_id
        if message.nonce:
            body["nonce"] = message.nonce
        if message.interaction:
            body["interaction_metadata"] = copy.deepcopy(message.interaction)
            if message.interaction["type"] == 2:  # the older key, which Discord still sends and discord.py still reads
                body["interaction"] = {key: message.interaction[key] for key in ("id", "type", "name", "user")}
        return body | (self._reply(message, viewer_id, with_reply) if message.reply_to else {})

    def _reply(self, message: Message, viewer_id: str, with_reply: bool) -> Json:
        body: Json = {
            "message_reference": {"type": 0, "message_id": message.reply_to, "channel_id": message.channel_id}
        }
        if with_reply:
            replied = self._messages.find(message.reply_to or "")
            body["referenced_message"] = self.message(replied, viewer_id, with_reply=False) if replied else None
        return body

    def _fresh(self, tree: Any) -> Any:
        """Return a copy of components or embeds in which our own files have addresses that are good from now."""
        if isinstance(tree, list):
            return [self._fresh(item) for item in tree]
        if not isinstance(tree, dict):
            return tree
        copied = {key: self._fresh(value) for key, value in tree.items()}
        if stored := self._files.by_id.get(str(copied.get("attachment_id", ""))):
            copied["url"], copied["proxy_url"] = self._files.sign(stored), self._files.sign(stored, "media/attachments")
        return copied


def _reaction(emoji: str, who: list[str], viewer_id: str) -> Json:
    return {
        "emoji": {"id": None, "name": emoji},
        "count": len(who),
        "me": viewer_id in who,
        "me_burst": False,
        "count_details": {"burst": 0, "normal": len(who)},
        "burst_colors": [],
    }


def initials(name: str) -> str:
    """Return what is drawn in place of an avatar: 'The Studio' → 'TS'."""
    return "".join(word[0] for word in name.split()[:2]).upper()
