// Channels: with their guild, or direct messages without one.

import { nameOf } from "../widgets/people.js";

const TEXT_CHANNEL = 0;

export function textChannels(guild) {
  return guild.channels.filter((one) => one.type === TEXT_CHANNEL).sort((a, b) => a.position - b.position);
}

/** Where a member begins: the first guild's first channel, else their first conversation; null if there is nothing. */
export function firstPlace(store) {
  for (const guild of store.guilds) if (textChannels(guild).length) return textChannels(guild)[0].id;
  return store.dms[0]?.id ?? null;
}

/** "general", or "#general" where it stands in a sentence; for a conversation, who it is with. */
export function channelName(store, { channel, guild }, inSentence = false) {
  if (guild) return `${inSentence ? "#" : ""}${channel.name}`;
  const other = channel.recipients.find((one) => one.id !== store.me.id) ?? channel.recipients[0];
  return `${inSentence ? "your conversation with " : ""}${nameOf(store, other)}`;
}

/** Who and what can be named in a command's option here. */
export function nameables(store, { guild }) {
  const users = guild ? guild.members.map((one) => one.user) : Object.values(store.users);
  return { users, roles: (guild?.roles ?? []).filter((role) => role.id !== guild.id), channels: guild?.channels ?? [] };
}
