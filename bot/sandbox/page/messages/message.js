// One message: who, when, what, and what is below it.

import { h, icon, iconButton, sameness } from "../widgets/dom.js";
import { attachmentNodes } from "./attachments.js";
import { drawComponents } from "./components.js";
import { embedNode } from "./embed.js";
import { COMPONENTS_V2, EPHEMERAL, LOADING } from "./flags.js";
import { blocks } from "./markdown.js";
import { avatar, appBadge, known, nameOf, roleColour } from "../widgets/people.js";
import { contextNode } from "./preview.js";

export class MessageView {
  constructor(app) {
    this.app = app;
    this.keys = {};
    this.slots = {};
    for (const name of [
      "context",
      "face",
      "header",
      "body",
      "files",
      "embeds",
      "components",
      "reactions",
      "foot",
      "failure",
    ]) {
      this.slots[name] = h("div", { class: name });
    }
    const { context, face, ...rest } = this.slots;
    this.tools = h(
      "div",
      { class: "tools" },
      iconButton("smile", "Add a reaction", (event) => app.openReactions(event.currentTarget, this.message)),
      iconButton("reply", "Reply", () => app.reply(this.message)),
      iconButton("more", "More", (event) => app.openMessageMenu(event.currentTarget, this.message)),
    );
    this.node = h(
      "li",
      { class: "message", tabindex: "-1" },
      context,
      h("div", { class: "columns" }, face, h("div", { class: "content" }, Object.values(rest))),
      this.tools,
    );
    this.node.addEventListener("contextmenu", (event) => {
      // Links, pictures and marked text keep the browser's own menu.
      if (event.target.closest("a, img, textarea") || String(getSelection())) return;
      event.preventDefault();
      app.openMessageMenu({ x: event.clientX, y: event.clientY }, this.message);
    });
  }

  /** Show `message`; `compact` leaves out the header where the same author goes on. */
  update(message, compact) {
    this.message = message;
    const { app } = this;
    const author = known(app.store, message.author);
    const used = message.interaction_metadata;
    this.node.dataset.id = message.id;
    this.node.classList.toggle("compact", compact);
    this.node.classList.toggle("ephemeral", Boolean(message.flags & EPHEMERAL));
    this.node.classList.toggle(
      "to-me",
      (message.mentions ?? []).some((user) => user.id === app.store.me.id),
    );
    this.part(
      "context",
      [
        message.message_reference,
        Boolean(message.referenced_message),
        message.referenced_message?.content,
        used,
        message.interaction,
      ],
      () => [contextNode(message, app)],
    );
    this.part("face", [author, compact], () => [compact ? timeNode(message, "hour") : avatarButton(author, app)]);
    this.part("header", [author, compact, message.timestamp], () => (compact ? [] : headerNodes(message, author, app)));
    this.part("body", [message.content, message.flags, message.edited_timestamp], () =>
      bodyNodes(message, author, app),
    );
    this.part("files", message.flags & COMPONENTS_V2 ? [] : message.attachments, () =>
      message.flags & COMPONENTS_V2 ? [] : attachmentNodes(message),
    );
    this.part("embeds", message.embeds, () => (message.embeds ?? []).map((embed) => embedNode(embed, app)));
    this.part("reactions", [message.reactions, author.id], () => reactionNodes(message, app));
    this.part("foot", [message.flags], () => footNodes(message, app));
    const focused = this.slots.components.contains(document.activeElement)
      ? document.activeElement.dataset.customId
      : null;
    drawComponents(this.slots.components, message.components ?? [], message, app);
    if (focused && !this.node.contains(document.activeElement)) {
      this.slots.components.querySelector(`[data-custom-id="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    }
    this.mark();
  }

  /** Show which of its buttons wait for the bot, and what failed. */
  mark() {
    const { store } = this.app;
    const waiting = new Set(
      [...store.interactions.values()].filter((one) => one.message_id === this.message.id).map((one) => one.custom_id),
    );
    for (const node of this.slots.components.querySelectorAll("[data-custom-id]")) {
      node.classList.toggle("waiting", waiting.has(node.dataset.customId));
    }
    const failed = [...store.failed.values()].filter(
      (one) => one.kind === "component" && one.message_id === this.message.id,
    );
    this.part(
      "failure",
      failed.map((one) => one.id),
      () =>
        failed.map((one) =>
          h(
            "p",
            { class: "error", role: "alert" },
            one.error ?? "This interaction failed",
            iconButton("close", "Dismiss", () => this.app.forget(one.id)),
          ),
        ),
    );
  }

  part(name, key, draw) {
    const json = sameness(key);
    if (this.keys[name] === json) return;
    this.keys[name] = json;
    this.slots[name].replaceChildren(...draw().filter(Boolean));
  }
}

function avatarButton(author, app) {
  return h(
    "button",
    {
      type: "button",
      class: "bare",
      "aria-label": `About ${nameOf(app.store, author)}`,
      onclick: (event) => app.openUser(event.currentTarget, author),
      oncontextmenu: (event) => {
        event.preventDefault();
        event.stopPropagation();
        app.openUser(event.currentTarget, author);
      },
    },
    avatar(app.store, author),
  );
}

function headerNodes(message, author, app) {
  const guild = app.guild();
  const colour = roleColour(author, guild);
  return [
    h(
      "button",
      {
        type: "button",
        class: "bare author",
        style: colour ? { color: colour } : {},
        onclick: (event) => app.openUser(event.currentTarget, author),
      },
      nameOf(app.store, author, guild),
    ),
    appBadge(author),
    timeNode(message, "long"),
  ];
}

function timeNode(message, style) {
  const when = new Date(message.timestamp);
  const clock = when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return h("time", { class: style, datetime: message.timestamp, title: when.toLocaleString() }, clock);
}

function bodyNodes(message, author, app) {
  if (message.flags & LOADING) {
    return [
      h(
        "div",
        { class: "thinking" },
        h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
        `${nameOf(app.store, author)} is thinking…`,
      ),
    ];
  }
  const edited =
    message.edited_timestamp &&
    !(message.flags & COMPONENTS_V2) &&
    h("small", { class: "edited", title: new Date(message.edited_timestamp).toLocaleString() }, "(edited)");
  return message.content ? [...blocks(message.content, app), edited] : [edited];
}

function reactionNodes(message, app) {
  return (message.reactions ?? []).map((one) =>
    h(
      "button",
      {
        type: "button",
        class: one.me ? "reaction mine" : "reaction",
        "aria-pressed": String(Boolean(one.me)),
        "aria-label": `${one.emoji.name}, ${one.count} ${one.count === 1 ? "reaction" : "reactions"}`,
        onclick: () => app.actions.react(message, one.emoji.name, Boolean(one.me)),
      },
      h("span", {}, one.emoji.name),
      h("span", {}, String(one.count)),
    ),
  );
}

function footNodes(message, app) {
  if (!(message.flags & EPHEMERAL)) return [];
  return [
    h(
      "p",
      { class: "only-you" },
      icon("eye"),
      "Only you can see this · ",
      h("button", { type: "button", class: "text-link", onclick: () => app.actions.dismiss(message) }, "Dismiss"),
    ),
  ];
}
