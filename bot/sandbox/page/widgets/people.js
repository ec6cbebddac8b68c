// How a person looks: a name, initials on a colour, the colour of their highest role.

import { h } from "./dom.js";

const PALETTE = ["#5b8def", "#d9739a", "#3fa796", "#c98b3b", "#8d6fd1", "#5fa04e"];

export function nameOf(store, user, guild = null) {
  const member = guild?.members.find((one) => one.user.id === user.id);
  return member?.nick || user.global_name || user.username;
}

/** The user as the world knows them now; messages carry only what was true when they were sent. */
export function known(store, user) {
  return store.users[user.id] ?? user;
}

export function avatar(store, user, size = "normal") {
  const person = known(store, user);
  const own = person.sandbox ?? {};
  const name = nameOf(store, person);
  const colour = own.colour ?? PALETTE[Number(BigInt(person.id) % BigInt(PALETTE.length))];
  return h(
    "span",
    { class: `avatar ${size}`, "aria-hidden": "true", style: { "--colour": colour } },
    own.initials ?? name.slice(0, 1).toUpperCase(),
  );
}

/** The colour of the highest coloured role as CSS, or null. */
export function roleColour(user, guild) {
  const member = guild?.members.find((one) => one.user.id === user.id);
  if (!member) return null;
  const roles = guild.roles.filter((role) => member.roles.includes(role.id) && role.color);
  const highest = roles.sort((a, b) => b.position - a.position)[0];
  return highest ? hexColour(highest.color) : null;
}

export function hexColour(number) {
  return `#${Number(number).toString(16).padStart(6, "0")}`;
}

export function isOperator(user, guild) {
  return Boolean(
    guild ? guild.members.find((one) => one.user.id === user.id)?.sandbox?.operator : user.sandbox?.operator,
  );
}

export function badge(text, title) {
  return h("span", { class: "badge", title }, text);
}

/** The mark of an app among people; nothing for a person. */
export function appBadge(user) {
  return user.bot && badge("APP", "This is an app");
}
