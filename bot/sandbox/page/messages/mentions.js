// What stands between < and > in a message: people, roles, channels, commands, moments in time.

import { h } from "../widgets/dom.js";
import { hexColour, nameOf } from "../widgets/people.js";

/** The node for one raw mention such as `<@1>`, `</imagine:2>` or `<t:1700000000:R>`. */
export function mention(raw, app) {
  const { store } = app;
  const guild = store.place(store.current)?.guild ?? null;
  if (raw === "@everyone" || raw === "@here") return h("span", { class: "mention" }, raw);
  if (raw.startsWith("<t:")) return moment(raw.slice(3, -1), app);
  if (raw.startsWith("</")) return commandMention(raw.slice(2, -1).split(":")[0], app);
  const id = /(\d+)>$/.exec(raw)[1];
  if (raw.startsWith("<@&")) return roleMention(guild?.roles.find((one) => one.id === id));
  if (raw.startsWith("<#")) return channelMention(id, app);
  if (raw.startsWith("<@")) return userMention(store.users[id], id, app, guild);
  return h("span", {}, `:${raw.split(":")[1]}:`); // a custom emoji: its picture lives on a site that the page never asks
}

function userMention(user, id, app, guild) {
  if (!user) return h("span", { class: "mention" }, "@unknown");
  const own = id === app.store.me.id ? " own" : "";
  return h(
    "button",
    { type: "button", class: `mention${own}`, onclick: (event) => app.openUser(event.currentTarget, user) },
    `@${nameOf(app.store, user, guild)}`,
  );
}

function roleMention(role) {
  return h(
    "span",
    { class: "mention", style: role?.color ? { color: hexColour(role.color) } : {} },
    `@${role?.name ?? "unknown role"}`,
  );
}

function channelMention(id, app) {
  const place = app.store.place(id);
  if (!place) return h("span", { class: "mention" }, "#unknown");
  return h("button", { type: "button", class: "mention", onclick: () => app.open(id) }, `#${place.channel.name}`);
}

function commandMention(name, app) {
  return h(
    "button",
    { type: "button", class: "mention command", title: `Use /${name}`, onclick: () => app.startCommand(name) },
    `/${name}`,
  );
}

const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
  s: { dateStyle: "short", timeStyle: "short" },
  S: { dateStyle: "short", timeStyle: "medium" },
};

function moment(text, app) {
  const [seconds, style = "f"] = text.split(":");
  const when = new Date(Number(seconds) * 1000);
  if (Number.isNaN(when.getTime())) return h("span", {}, "an impossible date");
  const node = h(
    "time",
    { class: "moment", datetime: when.toISOString(), title: when.toLocaleString([], STYLES.F) },
    style === "R" ? relative(when, app.store.now_ms()) : when.toLocaleString([], STYLES[style]),
  );
  if (style === "R") node.dataset.at = String(when.getTime());
  return node;
}

const UNITS = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

function relative(when, now_ms) {
  const seconds = Math.round((when.getTime() - now_ms) / 1000);
  const [unit, size] = UNITS.find(([, one]) => Math.abs(seconds) >= one) ?? UNITS.at(-1);
  return RELATIVE.format(Math.round(seconds / size), unit);
}

/** Let relative moments on the page move on; called every few seconds. */
export function tick(app) {
  for (const node of document.querySelectorAll("time.moment[data-at]")) {
    const text = relative(new Date(Number(node.dataset.at)), app.store.now_ms());
    if (node.textContent !== text) node.textContent = text;
  }
}

/** "@ben" in a line that is to be sent becomes the mention that Discord knows. */
export function addressed(line, users) {
  return line.replace(/(^|\s)@([\w.]{2,32})/g, (whole, before, name) => {
    const user = users.find((one) => one.username.toLowerCase() === name.toLowerCase());
    return user ? `${before}<@${user.id}>` : whole;
  });
}
