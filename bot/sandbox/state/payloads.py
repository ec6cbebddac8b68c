"""The state as Discord's JSON, as one user sees it.

https://discord.com/developers/docs/reference
"""

import copy
from typing import Any

from bot.sandbox.state.attachments import AttachmentStore
from bot.sandbox.state.enums import ChannelType
from bot.sandbox.state.messages import Message, MessageStore
from bot.sandbox.state.permissions import channel_permissions, is_operator
from bot.sandbox.state.world import Channel, Guild, Role, User, World

Json = dict[str, Any]


class Payloads:
    """Builds Discord's objects."""

    def __init__(self, world: World, messages: MessageStore, attachments: AttachmentStore) -> None:
        self._world = world
        self._messages = messages
        self._attachments = attachments

    def user(self, user: User) -> Json:
        """Return a user object, with what the page draws for an avatar in `sandbox`."""
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
        """Return a guild member object.

        Args:
            guild: the guild.
            user_id: the member.
            with_user: have the user object in it.
        """
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
        """Return a channel object; a direct-message channel has all users but the viewer as recipients."""
        if channel.type == ChannelType.DM:
            others = [self.user(self._world.user(u)) for u in channel.recipients if u != viewer_id]
            return {
                "id": channel.id,
                "type": channel.type,
                "last_message_id": channel.last_message_id,
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
        """Return a channel object as interactions have it, with the permissions of a user in it."""
        bits = channel_permissions(channel, self._world.guild_of(channel), user_id)
        return self.channel(channel, self._world.bot_id) | {"permissions": str(bits)}

    def guild(self, guild: Guild) -> Json:
        """Return a guild object, as the REST API answers it."""
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
            "system_channel_id": guild.system_channel_id,
            "system_channel_flags": 0,
            "afk_channel_id": None,
            "afk_timeout": 300,
            "rules_channel_id": None,
            "public_updates_channel_id": guild.public_updates_channel_id,
            "approximate_member_count": len(guild.members),
        }

    def guild_create(self, guild: Guild, *, all_members: bool) -> Json:
        """Return the data of a GUILD_CREATE event: the guild with its channels and members.

        Args:
            guild: the guild.
            all_members: list all members, not the bot alone.
        """
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
        """Return a message object.

        Args:
            message: the message.
            viewer_id: the user whose own reactions are marked.
            with_reply: have the message that it replies to in it.
        """
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
            "attachments": [self._attachments.payload(one) for one in message.attachments],
            "embeds": self._with_fresh_urls(message.embeds),
            "components": self._with_fresh_urls(message.components),
            "reactions": [_reaction(emoji, user_ids, viewer_id) for emoji, user_ids in message.reactions.items()],
        }
        if guild:
            body["guild_id"] = guild.id
            if message.author_id in guild.members:
                body["member"] = self.member(guild, message.author_id, with_user=False)
        if message.by_webhook:
            body["application_id"] = body["webhook_id"] = self._world.application_id
        if message.nonce:
            body["nonce"] = message.nonce
        if metadata := message.interaction_metadata:
            body["interaction_metadata"] = copy.deepcopy(metadata)
            if metadata["type"] == 2:  # the older key, which Discord still sends and discord.py still reads
                body["interaction"] = {key: metadata[key] for key in ("id", "type", "name", "user")}
        return body | (self._reply(message, viewer_id, with_reply) if message.reply_to else {})

    def _reply(self, message: Message, viewer_id: str, with_reply: bool) -> Json:
        body: Json = {
            "message_reference": {"type": 0, "message_id": message.reply_to, "channel_id": message.channel_id}
        }
        if with_reply:
            replied = self._messages.find(message.reply_to or "")
            body["referenced_message"] = self.message(replied, viewer_id, with_reply=False) if replied else None
        return body

    def _with_fresh_urls(self, tree: Any) -> Any:
        """Return a copy of components or embeds, with addresses of the sandbox's files that are signed now."""
        if isinstance(tree, list):
            return [self._with_fresh_urls(item) for item in tree]
        if not isinstance(tree, dict):
            return tree
        copied = {key: self._with_fresh_urls(value) for key, value in tree.items()}
        if attachment := self._attachments.by_id.get(str(copied.get("attachment_id", ""))):
            copied["url"] = self._attachments.signed_url(attachment)
            copied["proxy_url"] = self._attachments.signed_url(attachment, "media/attachments")
        return copied


def _reaction(emoji: str, user_ids: list[str], viewer_id: str) -> Json:
    return {
        "emoji": {"id": None, "name": emoji},
        "count": len(user_ids),
        "me": viewer_id in user_ids,
        "me_burst": False,
        "count_details": {"burst": 0, "normal": len(user_ids)},
        "burst_colors": [],
    }


def initials(name: str) -> str:
    """Return what is drawn in place of an avatar, such as 'TS' for 'The Studio'."""
    return "".join(word[0] for word in name.split()[:2]).upper()
