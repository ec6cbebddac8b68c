// What the list above the message box offers while a line that begins with "/" is typed.

import { matching, splitLine } from "./commands.js";

const MOST = 25;

/** Show what the line in the composer's box may become; hide the list where it is no command. */
export function suggestCommands(composer) {
  const { completion, text, leaves } = composer;
  const line = text.value;
  if (!line.startsWith("/") || line.includes("\n")) return completion.hide();
  const found = splitLine(line, leaves);
  if (found?.rest) return suggestForm(composer, found);
  const items = newcomersFirst(matching(leaves, line.slice(1)), line, composer.line)
    .slice(0, MOST)
    .map((leaf) => ({ label: `/${leaf.path}`, detail: leaf.description, leaf, tag: optionsTag(leaf) }));
  const empty = composer.app.store.bot.online
    ? `There is no command ${line.split(" ")[0]} here.`
    : "The bot is not online yet, so there are no commands.";
  return completion.show(text, items, (item) => composer.startForm(item.leaf), { title: "Commands", empty });
}

/** A whole command stands in the line: Enter runs it, Tab opens its fields. */
function suggestForm(composer, { leaf, rest }) {
  const item = { label: `/${leaf.path}`, detail: leaf.description, tag: "Tab for all options" };
  return composer.completion.show(composer.text, [item], () => composer.startForm(leaf, rest), {
    title: "Press Enter to run",
    active: -1,
  });
}

/** While nothing but "/" is typed, the command that newcomers are told to try comes first. */
function newcomersFirst(found, line, lineToTry) {
  const rank = (leaf) => Number(line === "/" && lineToTry !== null && splitLine(lineToTry, [leaf]) !== null);
  return found.sort((a, b) => rank(b) - rank(a));
}

function optionsTag(leaf) {
  const needed = leaf.options.filter((one) => one.required).map((one) => one.name);
  const more = leaf.options.length - needed.length;
  return [needed.join(", "), more && `+${more} optional`].filter(Boolean).join(" ");
}
