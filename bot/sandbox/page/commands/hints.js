// The gentle first words: what a newcomer can type here. The sandbox knows no bot; so an example is offered for the
// commands that bots commonly have, and any other bot's first command is named as it is.

import { h, icon } from "../widgets/dom.js";
import { leaves, openOption, STRING } from "./commands.js";

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
  if (line && narrow()) return `Try ${line}`;
  const where = place.guild ? `Message #${place.channel.name}` : `Message ${dmName}`;
  return line ? `${where} · try ${line}` : where;
}

/** The panel of a channel in which nothing has been said yet. */
export function welcome(app, place, line) {
  const name = place.guild ? place.guild.name : app.channelName(place);
  const bot = app.store.bot;
  const offline =
    !bot.online &&
    h(
      "p",
      { class: "muted" },
      `${bot.user.global_name ?? bot.user.username} is not online yet. It may still be starting.`,
    );
  return h(
    "div",
    { class: "welcome" },
    h("div", { class: "welcome-mark", "aria-hidden": "true" }, icon("spark")),
    h("h2", {}, `Welcome to ${name}`),
    line &&
      bot.online && [
        h("p", {}, "Type a line like this one and press Enter:"),
        h("button", { type: "button", class: "try", onclick: () => app.typeLine(line) }, line),
        h("p", { class: "muted" }, "Or type ", h("kbd", {}, "/"), " to see all commands."),
      ],
    offline,
  );
}
