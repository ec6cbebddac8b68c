// The gentle first words: what a newcomer can type here. The sandbox knows no bot; so an example is offered for the
// commands that bots commonly have, and any other bot's first command is named as it is.

import { h, icon } from "../widgets/dom.js";
import { nameOf } from "../widgets/people.js";
import { leaves, openOption, STRING } from "./commands.js";

const MESSAGE_MENU = 3; // the type of a command in the menu of a message
const EXAMPLES = { imagine: "a red heart", draw: "a red heart", ask: "what can you do?" };

/** A line to try, such as "/imagine a red heart"; null while the bot has no commands here. */
export function lineToTry(commands) {
  const all = leaves(commands);
  const known = all.find((leaf) => leaf.path in EXAMPLES);
  if (known) return `/${known.path} ${EXAMPLES[known.path]}`;
  const first = all.find((leaf) => openOption(leaf)?.type === STRING) ?? all[0];
  return first ? `/${first.path}` : null;
}

const narrow = () => matchMedia("(max-width: 760px)").matches;

export function placeholder(place, line, dmName) {
  if (isForVoice(place)) return `Press the microphone${narrow() ? "" : `, or write to #${place.channel.name}`}`;
  if (line && narrow()) return `Try ${line}`;
  const where = place.guild ? `Message #${place.channel.name}` : `Message ${dmName}`;
  return line ? `${where} · try ${line}` : where;
}

/** The panel of a channel in which nothing has been said yet: what the channel is, and what fits it. */
export function welcome(app, place, line) {
  const { topic } = place.channel;
  return h(
    "div",
    { class: "welcome" },
    h("div", { class: "welcome-mark", "aria-hidden": "true" }, icon(isForVoice(place) ? "mic" : "spark")),
    h("h2", {}, place.guild ? `Welcome to ${app.channelName(place, true)}` : app.channelName(place)),
    topic && h("p", {}, topic),
    app.store.bot.online ? steps(app, place, line) : offline(app.store.bot.user),
  );
}

const isForVoice = ({ channel }) => /voice|audio|speech/i.test(channel.name ?? "");

function steps(app, place, line) {
  const bot = app.store.bot.user;
  if (isForVoice(place) && reads(app, place)) {
    return [
      h("button", { type: "button", class: "try", onclick: () => app.composer.record() }, "Record a voice message"),
      h("p", { class: "muted" }, "Then open its menu: ", h("b", {}, "Apps"), " → ", h("b", {}, reads(app, place).name)),
    ];
  }
  if (!line || !(place.guild || place.channel.recipients.some((one) => one.id === bot.id))) return null;
  return [
    h("p", {}, "Type a line like this one and press Enter:"),
    h("button", { type: "button", class: "try", onclick: () => app.typeLine(line) }, line),
    place.guild
      ? h("p", { class: "muted" }, "Or type ", h("kbd", {}, "/"), " to see all commands.")
      : h("p", { class: "muted" }, `Or say hello: only you and ${nameOf(app.store, bot)} can read this.`),
  ];
}

/** The command of a message's menu with which a bot turns voice into text, if it has one. */
function reads(app, place) {
  return app.store.commandsIn(place).find((one) => one.type === MESSAGE_MENU && /transcri/i.test(one.name));
}

function offline(user) {
  return h("p", { class: "muted" }, `${user.global_name ?? user.username} is not online yet. It may still be starting.`);
}
