// What one member knows: the last `state`, kept up to date by the events after it. Draws nothing.

const TYPING_MS = 10_000;
const KEPT = 100; // as many as a `state` brings

/** Snowflakes are decimal strings without leading zeros: longer means younger. */
export function older(a, b) {
  return a.length === b.length ? a < b : a.length < b.length;
}

export class Store extends EventTarget {
  constructor() {
    super();
    this.ready = false;
    this.unread = new Map(); // channel id → {count, mentions}
    this.typing = new Map(); // channel id → Map(user id → when it is forgotten)
    this.complete = new Set(); // channels whose first message is here
    this.current = null; // the open channel's id
    this.failed = new Map(); // interactions that failed and whose failure has not been dismissed yet
    this.heard = new Set(); // ids of interactions that the stream has spoken of
  }

  /** Take in one event of the stream and tell the listeners what changed. */
  apply(event) {
    const handler = this[`on_${event.type}`];
    if (handler) handler.call(this, event);
  }

  tell(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  on_state({ state }) {
    this.me = state.me;
    this.bot = state.bot;
    this.users = state.users;
    this.guilds = state.guilds;
    this.dms = state.dms;
    this.commands = state.commands;
    this.limits = state.limits;
    this.ahead_ms = state.now_ms - Date.now();
    this.messages = new Map();
    for (const [channelId, list] of Object.entries(state.messages)) {
      this.messages.set(channelId, list);
      if (list.length < KEPT) this.complete.add(channelId);
      else this.complete.delete(channelId);
    }
    this.interactions = new Map(state.interactions.map((one) => [one.id, one]));
    this.modals = new Map(state.modals.map((one) => [one.interaction_id, one]));
    this.ready = true;
    this.tell("world");
    this.tell("messages");
    this.tell("modals");
  }

  on_message_create({ message }) {
    this.put(message);
    this.typing.get(message.channel_id)?.delete(message.author.id);
    const mine = message.author.id === this.me.id;
    if (message.channel_id !== this.current && !mine) {
      const unread = this.unread.get(message.channel_id) ?? { count: 0, mentions: 0 };
      unread.count += 1;
      if (message.mentions?.some((user) => user.id === this.me.id) || this.isDm(message.channel_id))
        unread.mentions += 1;
      this.unread.set(message.channel_id, unread);
      this.tell("world");
    }
    this.tell("messages", { created: message });
    this.tell("typing");
  }

  on_message_update({ message }) {
    this.put(message);
    this.tell("messages", { updated: message });
  }

  on_message_delete({ channel_id, message_id }) {
    const list = this.messages.get(channel_id) ?? [];
    // Nobody tells of the answers to it, which quote it.
    const without = (message) =>
      message.referenced_message?.id === message_id ? { ...message, referenced_message: null } : message;
    this.messages.set(channel_id, list.filter((message) => message.id !== message_id).map(without));
    this.tell("messages");
  }

  on_typing({ channel_id, user_id }) {
    if (user_id === this.me.id) return;
    if (!this.typing.has(channel_id)) this.typing.set(channel_id, new Map());
    this.typing.get(channel_id).set(user_id, Date.now() + TYPING_MS);
    this.tell("typing");
  }

  on_dm_open({ channel }) {
    if (!this.dms.some((one) => one.id === channel.id)) this.dms.push(channel);
    this.tell("world");
  }

  on_interaction({ interaction }) {
    this.heard.add(interaction.id);
    this.track(interaction);
  }

  /** An interaction as the human API answers it; the stream may have been faster and know better. */
  sent(interaction) {
    if (!this.heard.has(interaction.id)) this.track(interaction);
  }

  track(interaction) {
    if (interaction.state === "pending") this.interactions.set(interaction.id, interaction);
    else this.interactions.delete(interaction.id);
    if (interaction.state === "failed") this.failed.set(interaction.id, interaction);
    this.tell("interactions", { interaction });
  }

  on_modal_open({ modal }) {
    this.modals.set(modal.interaction_id, modal);
    this.tell("modals");
  }

  on_modal_close({ interaction_id }) {
    this.modals.delete(interaction_id);
    this.tell("modals");
  }

  on_commands({ commands }) {
    this.commands = commands;
    this.tell("world");
  }

  on_bot({ online }) {
    this.bot = { ...this.bot, online };
    this.tell("world");
  }

  /** Put a message at its place; a known one is replaced. */
  put(message) {
    const list = this.messages.get(message.channel_id) ?? [];
    const place = list.findIndex((one) => one.id === message.id);
    if (place >= 0) list[place] = message;
    else {
      let end = list.length;
      while (end > 0 && older(message.id, list[end - 1].id)) end -= 1;
      list.splice(end, 0, message);
    }
    this.messages.set(message.channel_id, list);
  }

  /** Put older messages before those that are here; fewer than asked for means the beginning is reached. */
  prepend(channelId, messages, asked) {
    for (const message of messages) this.put(message);
    if (messages.length < asked) this.complete.add(channelId);
    this.tell("messages");
  }

  /** Forget what was loaded by scrolling up in a channel that is being left: it can be asked for again. */
  trim(channelId) {
    const list = this.messages.get(channelId) ?? [];
    if (list.length <= KEPT) return;
    this.messages.set(channelId, list.slice(-KEPT));
    this.complete.delete(channelId);
  }

  isDm(channelId) {
    return this.dms.some((channel) => channel.id === channelId);
  }

  /** The channel and its guild (null for a DM), or null where this member sees no such channel. */
  place(channelId) {
    for (const guild of this.guilds) {
      const channel = guild.channels.find((one) => one.id === channelId);
      if (channel) return { channel, guild };
    }
    const channel = this.dms.find((one) => one.id === channelId);
    return channel ? { channel, guild: null } : null;
  }

  /** The commands that may be run in this channel. */
  commandsIn({ channel, guild }) {
    const list = (guild ? this.commands.guilds[guild.id] : this.commands.dm) ?? [];
    return list.filter((command) => !command.nsfw || channel.nsfw);
  }

  typists(channelId) {
    const now = Date.now();
    const list = this.typing.get(channelId) ?? new Map();
    for (const [user, until] of list) if (until < now) list.delete(user);
    return [...list.keys()];
  }

  now_ms() {
    return Date.now() + this.ahead_ms;
  }
}
