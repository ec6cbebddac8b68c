// The left side: servers, their channels, direct messages, and who one is.

import { h, icon, iconButton } from "../widgets/dom.js";
import { avatar, appBadge, badge, nameOf } from "../widgets/people.js";
import { textChannels } from "./channels.js";

export class Sidebar {
  constructor(app) {
    this.app = app;
    this.node = document.getElementById("sidebar");
    this.backdrop = document.getElementById("backdrop");
    this.backdrop.addEventListener("click", () => this.slide(false));
    this.node.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.slide(false);
    });
    this.narrow = matchMedia("(max-width: 760px)");
    this.narrow.addEventListener("change", () => this.slide(false));
    this.slide(false);
  }

  /** On a narrow window the sidebar lies over the chat; hidden, it must not be reached by the Tab key. */
  slide(open) {
    const over = this.narrow.matches;
    this.node.classList.toggle("open", open && over);
    this.node.inert = over && !open;
    this.backdrop.hidden = !(over && open);
    if (open && over) this.node.querySelector("[aria-current=page], button")?.focus();
  }

  paint() {
    const { store } = this.app;
    const guild = this.app.guild();
    const focused = this.node.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    document
      .getElementById("rail")
      .replaceChildren(this.dmHome(guild), h("hr"), ...store.guilds.map((one) => this.server(one, guild)));
    document.getElementById("channels").replaceChildren(...(guild ? this.channels(guild) : this.conversations()));
    document.getElementById("identity").replaceChildren(...this.identity());
    if (focused) this.node.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  unread(ids) {
    const counts = ids.map((id) => this.app.store.unread.get(id)).filter(Boolean);
    const mentions = counts.reduce((sum, one) => sum + one.mentions, 0);
    if (mentions) return h("span", { class: "count", "aria-label": `${mentions} for you` }, String(mentions));
    return counts.length > 0 && h("span", { class: "dot", role: "img", "aria-label": "unread" });
  }

  dmHome(guild) {
    return h(
      "button",
      {
        type: "button",
        class: "server home",
        "aria-label": "Direct messages",
        title: "Direct messages",
        "aria-current": guild ? null : "true",
        data: { key: "home" },
        onclick: () => this.app.openDms(),
      },
      icon("at"),
      this.unread(this.app.store.dms.map((one) => one.id)),
    );
  }

  server(guild, current) {
    return h(
      "button",
      {
        type: "button",
        class: "server",
        "aria-label": guild.name,
        title: guild.name,
        "aria-current": guild.id === current?.id ? "true" : null,
        data: { key: guild.id },
        style: { "--colour": guild.colour },
        onclick: () => this.app.openGuild(guild),
      },
      guild.initials,
      this.unread(guild.channels.map((one) => one.id)),
    );
  }

  channels(guild) {
    return [
      h("h2", {}, guild.name),
      h(
        "ul",
        {},
        textChannels(guild).map((channel) =>
          h(
            "li",
            {},
            this.entry(channel.id, channel.name, icon("hash"), channel.nsfw && badge("18+", "Age-restricted")),
          ),
        ),
      ),
    ];
  }

  conversations() {
    const { store } = this.app;
    const people = [
      store.bot.user,
      ...Object.values(store.users).filter((user) => user.id !== store.me.id && user.id !== store.bot.user.id),
    ];
    return [
      h("h2", {}, "Direct messages"),
      h(
        "ul",
        {},
        people.map((user) => {
          const dm = store.dms.find((one) => one.recipients.some((other) => other.id === user.id));
          return h(
            "li",
            {},
            this.entry(dm?.id ?? null, nameOf(store, user), avatar(store, user, "small"), appBadge(user), () =>
              this.app.openDm(user),
            ),
          );
        }),
      ),
    ];
  }

  entry(channelId, name, mark, note, act = () => this.app.open(channelId)) {
    const here = channelId !== null && channelId === this.app.store.current;
    const unread = channelId !== null && this.unread([channelId]);
    return h(
      "button",
      {
        type: "button",
        class: `entry${unread ? " unread" : ""}`,
        "aria-current": here ? "page" : null,
        data: { key: channelId ?? name },
        onclick: () => {
          this.slide(false);
          act();
        },
      },
      mark,
      h("span", { class: "ellipsis" }, name),
      note,
      unread,
    );
  }

  identity() {
    const { store, everybody } = this.app;
    return [
      h(
        "div",
        { class: "you-are" },
        "You are ",
        h("strong", {}, nameOf(store, store.me)),
        store.me.sandbox?.operator && badge("operator", "Can use operators' commands"),
        h("span", { class: "muted" }, store.bot.online ? "" : " · bot is offline"),
      ),
      h(
        "div",
        { class: "members", role: "group", "aria-label": "Switch to another member" },
        everybody.map((user) =>
          h(
            "button",
            {
              type: "button",
              class: "become",
              "aria-pressed": String(user.id === store.me.id),
              title: `Switch to ${nameOf(store, user)}`,
              "aria-label": `Switch to ${nameOf(store, user)}${user.sandbox?.operator ? " (operator)" : ""}`,
              data: { key: `be-${user.id}` },
              onclick: () => {
                this.slide(false);
                this.app.become(user.username);
              },
            },
            avatar(store, user, "small"),
            h("span", {}, nameOf(store, user)),
          ),
        ),
      ),
    ];
  }
}

/** The line above the messages. */
export function paintHeader(app, place) {
  const { store } = app;
  const name = app.channelName(place);
  document.getElementById("chat-header").replaceChildren(
    iconButton("menu", "Servers and channels", () => app.sidebar.slide(true), { class: "icon-button only-narrow" }),
    place.guild
      ? icon("hash")
      : avatar(store, place.channel.recipients.find((one) => one.id !== store.me.id) ?? store.bot.user, "small"),
    h("h1", {}, name),
    ...[place.channel.nsfw && badge("18+", "Age-restricted")].filter(Boolean),
    h("span", { class: "topic ellipsis" }, place.guild ? (place.channel.topic ?? "") : "Direct message"),
    h(
      "button",
      {
        type: "button",
        class: "bare only-narrow me",
        "aria-label": `You are ${nameOf(store, store.me)}. Switch member`,
        onclick: () => app.sidebar.slide(true),
      },
      avatar(store, store.me, "small"),
    ),
  );
}

/** The members on the right of a wide window. */
export function paintPeople(app, place) {
  const { store } = app;
  const { guild } = place;
  const row = (user, faded) =>
    h(
      "button",
      {
        type: "button",
        class: `entry${faded ? " faded" : ""}`,
        onclick: (event) => app.openUser(event.currentTarget, user),
        oncontextmenu: (event) => {
          event.preventDefault();
          app.openUser(event.currentTarget, user);
        },
      },
      avatar(store, user, "small"),
      h("span", { class: "ellipsis" }, nameOf(store, user, guild)),
      appBadge(user),
    );
  const users = guild ? guild.members.map((one) => one.user) : [];
  const bots = users.filter((user) => user.bot);
  document
    .getElementById("people")
    .replaceChildren(
      ...(guild
        ? [
            h("h2", {}, "Apps"),
            ...bots.map((user) => row(user, user.id === store.bot.user.id && !store.bot.online)),
            h("h2", {}, "Members"),
            ...users.filter((user) => !user.bot).map((user) => row(user, false)),
          ]
        : []),
    );
}
