// What can be done with a message or a person: menus, the emoji row, the person's card.

import { h, icon } from "../widgets/dom.js";
import { EPHEMERAL, VOICE } from "../messages/flags.js";
import { avatar, appBadge, hexColour, isOperator, nameOf } from "../widgets/people.js";
import { arrowKeys, closePopover, popover } from "../widgets/popover.js";

const REACTIONS = ["👍", "❤️", "😂", "🎉", "😮", "😢", "🔥", "👀", "✉️", "⭐", "❌"];
const MESSAGE_COMMAND = 3;
const USER_COMMAND = 2;

function item(name, label, act, kind = "") {
  return h(
    "button",
    {
      type: "button",
      role: "menuitem",
      class: `menu-item ${kind}`,
      onclick: () => {
        closePopover();
        act();
      },
    },
    name && icon(name),
    h("span", {}, label),
  );
}

function appItems(app, type, act) {
  const commands = app.commandsHere().filter((command) => command.type === type);
  if (commands.length === 0) return [];
  return [
    h("div", { class: "menu-title" }, "Apps"),
    ...commands.map((command) => item("spark", command.name, () => act(command))),
  ];
}

function menu(anchor, label, items) {
  const node = h("div", { class: "menu", role: "menu", "aria-label": label }, items);
  arrowKeys(node, "button");
  popover(anchor, node, { label, role: "presentation" });
}

export function openMessageMenu(anchor, message, app) {
  const { store } = app;
  const mine = message.author.id === store.me.id;
  const own = Boolean(message.flags & EPHEMERAL);
  const target = app.nodeOf(message) ?? anchor;
  menu(anchor, "Message", [
    !own && reactionRow(message, app),
    !own && item("reply", "Reply", () => app.reply(message)),
    message.content && item("copy", "Copy text", () => navigator.clipboard?.writeText(message.content)),
    mine && !(message.flags & VOICE) && item("pencil", "Edit", () => app.edit(message)),
    item("hash", "Copy message ID", () => navigator.clipboard?.writeText(message.id)),
    ...(own
      ? []
      : appItems(app, MESSAGE_COMMAND, (command) =>
          app.actions.runContext(command.name, { message_id: message.id }, target),
        )),
    own && item("close", "Dismiss", () => app.actions.dismiss(message)),
    !own &&
      (mine || isOperator(store.me, app.guild())) &&
      item("trash", "Delete", () => app.actions.remove(message), "dangerous"),
  ]);
}

function reactionRow(message, app) {
  return h(
    "div",
    { class: "emoji-row", role: "group", "aria-label": "Reactions" },
    REACTIONS.map((emoji) =>
      h(
        "button",
        {
          type: "button",
          class: "emoji",
          "aria-label": `React with ${emoji}`,
          onclick: () => {
            closePopover();
            app.actions.react(message, emoji, false);
          },
        },
        emoji,
      ),
    ),
  );
}

export function openReactions(anchor, message, app) {
  const row = reactionRow(message, app);
  arrowKeys(row, "button");
  popover(anchor, row, { label: "Add a reaction" });
}

export function openUserCard(anchor, user, app) {
  const { store } = app;
  const guild = app.guild();
  const member = guild?.members.find((one) => one.user.id === user.id);
  const roles = guild?.roles.filter((role) => member?.roles.includes(role.id)) ?? [];
  const self = user.id === store.me.id;
  const card = h(
    "div",
    { class: "user-card" },
    h(
      "div",
      { class: "user-head" },
      avatar(store, user, "large"),
      h(
        "div",
        {},
        h("strong", {}, nameOf(store, user, guild)),
        appBadge(user),
        h("small", { class: "muted" }, `@${user.username}`),
      ),
    ),
    roles.length > 0 &&
      h(
        "div",
        { class: "roles" },
        roles.map((role) =>
          h("span", { class: "role", style: role.color ? { "--colour": hexColour(role.color) } : {} }, role.name),
        ),
      ),
    h(
      "div",
      { class: "menu", role: "menu", "aria-label": nameOf(store, user, guild) },
      self ? h("p", { class: "muted" }, "This is you.") : item("at", "Message", () => app.openDm(user)),
      !self && !user.bot && item("people", `Switch to ${nameOf(store, user)}`, () => app.become(user.username)),
      appItems(app, USER_COMMAND, (command) => app.actions.runContext(command.name, { user_id: user.id }, anchor)),
    ),
  );
  arrowKeys(card, "button");
  popover(anchor, card, { label: `About ${nameOf(store, user)}` });
}
