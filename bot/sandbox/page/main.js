// The page, for one member. Wires the store, the stream and the parts of the screen together.

import { Api } from "./client/api.js";
import { Composer } from "./composer/composer.js";
import { Actions } from "./client/actions.js";
import { tick } from "./messages/mentions.js";
import { openMessageMenu, openReactions, openUserCard } from "./navigation/menus.js";
import { ModalView } from "./modals/modal.js";
import { nameOf } from "./widgets/people.js";
import { channelName, firstPlace, nameables, textChannels } from "./navigation/channels.js";
import { closePopover } from "./widgets/popover.js";
import { paintHeader, paintPeople, Sidebar } from "./navigation/sidebar.js";
import { Store } from "./client/store.js";
import { Stream } from "./client/stream.js";
import { Timeline } from "./messages/timeline.js";

const MOMENTS_MS = 5000;

class App {
  constructor() {
    this.store = new Store();
    this.actions = new Actions(this);
    this.modals = new Map(); // interaction id → ModalView
    this.sidebar = new Sidebar(this);
    this.timeline = new Timeline(this);
    this.composer = new Composer(document.getElementById("composer"), this);
  }

  async start() {
    this.everybody = await Api.members();
    // The member and the channel stand in the address, so that two tabs can be two people.
    const [, name, channel] = location.hash.split("/");
    this.wanted = channel;
    this.be(this.everybody.some((user) => user.username === name) ? name : this.everybody[0].username);
    setInterval(() => {
      tick(this);
      this.paintTyping();
    }, MOMENTS_MS);
    addEventListener("hashchange", () => this.followAddress());
  }

  followAddress() {
    const [, name, channel] = location.hash.split("/");
    if (name !== this.api.member && this.everybody.some((user) => user.username === name)) this.become(name, channel);
    else if (channel !== this.store.current) this.open(channel);
  }

  // --- who and where

  become(name, channel = this.store.current) {
    if (name === this.api.member) return;
    this.wanted = channel;
    this.be(name);
  }

  be(name) {
    closePopover(false);
    this.stream?.close();
    for (const view of this.modals.values()) view.close();
    this.modals.clear();
    this.api = new Api(name);
    const store = new Store();
    this.store = store;
    store.addEventListener("world", () => this.paintWorld());
    store.addEventListener("messages", ({ detail }) => {
      if (!this.store.current) return;
      this.timeline.paint();
      if (detail.created) this.timeline.created(detail.created);
    });
    store.addEventListener("interactions", ({ detail }) => this.heard(detail.interaction));
    store.addEventListener("modals", () => this.paintModals());
    store.addEventListener("typing", () => this.paintTyping());
    this.stream = new Stream(
      this.api.eventsAddress(),
      (event) => store.apply(event),
      (connected) => this.showConnection(connected),
    );
  }

  showConnection(connected) {
    const node = document.getElementById("connection");
    node.hidden = connected;
    node.textContent = connected ? "" : "Reconnecting to the local Discord …";
  }

  /** Everything around the messages. Chooses a channel where none is open, or the open one is gone. */
  paintWorld() {
    const { store } = this;
    if (!store.current || !store.place(store.current)) {
      const target = this.wanted && store.place(this.wanted) ? this.wanted : firstPlace(store);
      this.wanted = null;
      if (target) this.open(target);
      return;
    }
    const place = store.place(store.current);
    document.getElementById("app").classList.add("ready");
    this.sidebar.paint();
    paintHeader(this, place);
    paintPeople(this, place);
    this.composer.refresh();
    this.timeline.paintBeginning(store.messages.get(store.current) ?? []);
    const unread = [...store.unread.values()].reduce((sum, one) => sum + one.count, 0);
    document.title = `${unread ? `(${unread}) ` : ""}${this.channelName(place, true)} · ${nameOf(store, store.me)}`;
  }

  open(channelId) {
    const { store } = this;
    if (!store.place(channelId)) return;
    closePopover(false);
    store.trim(store.current);
    store.current = channelId;
    store.unread.delete(channelId);
    history.replaceState(null, "", `#/${this.api.member}/${channelId}`);
    this.timeline.reset();
    this.composer.moved();
    this.paintWorld();
    this.timeline.paint();
    this.paintTyping();
    this.sidebar.slide(false);
  }

  openGuild(guild) {
    const [first] = textChannels(guild);
    if (first) this.open(first.id);
  }

  openDms() {
    if (this.store.dms.length) this.open(this.store.dms[0].id);
    else this.openDm(this.store.bot.user);
  }

  openDm(user) {
    return this.actions.attempt(async () => {
      const { channel } = await this.api.do("open_dm", { user_id: user.id });
      this.store.on_dm_open({ channel });
      this.open(channel.id);
    });
  }

  guild() {
    return this.store.place(this.store.current)?.guild ?? null;
  }

  channelName(place, inSentence) {
    return channelName(this.store, place, inSentence);
  }

  world() {
    return nameables(this.store, this.store.place(this.store.current));
  }

  commandsHere() {
    return this.store.commandsIn(this.store.place(this.store.current));
  }

  // --- what the parts of the screen ask of each other

  forget(interactionId) {
    this.store.failed.delete(interactionId);
    this.timeline.paintWaiting();
  }

  reply(message) {
    this.composer.setAbout(message, "reply");
  }
  edit(message) {
    this.composer.setAbout(message, "edit");
  }
  showMessage(id) {
    this.timeline.show(id);
  }
  nodeOf(message) {
    return this.timeline.views.get(message.id)?.view.node;
  }
  openUser(anchor, user) {
    openUserCard(anchor, this.store.users[user.id] ?? user, this);
  }
  openReactions(anchor, message) {
    openReactions(anchor, message, this);
  }
  openMessageMenu(anchor, message) {
    openMessageMenu(anchor, message, this);
  }

  editLast() {
    const mine = (this.store.messages.get(this.store.current) ?? []).filter(
      (one) => one.author.id === this.store.me.id && one.content,
    );
    if (mine.length) this.edit(mine.at(-1));
  }

  /** Put a line into the message box, ready to be sent. */
  typeLine(line) {
    this.composer.leaveForm(line);
    this.composer.complete();
  }

  startCommand(path) {
    const leaf = this.composer.leaves.find((one) => one.path === path);
    if (leaf) this.composer.startForm(leaf);
    else this.composer.complain(`There is no command /${path} here.`);
  }

  heard(interaction) {
    for (const view of this.modals.values()) view.heard(interaction);
    this.timeline.paintWaiting();
  }

  paintModals() {
    for (const [id, view] of this.modals) {
      if (this.store.modals.has(id)) continue;
      view.close();
      this.modals.delete(id);
    }
    for (const [id, modal] of this.store.modals)
      if (!this.modals.has(id)) this.modals.set(id, new ModalView(modal, this));
  }

  paintTyping() {
    const { store } = this;
    const names = store.current
      ? store
          .typists(store.current)
          .map((id) => nameOf(store, store.users[id] ?? { id, username: "Somebody" }, this.guild()))
      : [];
    const text =
      names.length === 0
        ? ""
        : names.length > 2
          ? "Several people are typing…"
          : `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} typing…`;
    document.getElementById("typing").textContent = text;
  }
}

new App().start().catch(() => {
  const node = document.getElementById("connection");
  node.hidden = false;
  node.textContent = "The local Discord does not answer. Start it and load this page again.";
});
