// A message in one line: above a reply to it, as the command that led to it, and for screen readers.

import { h, icon } from "../widgets/dom.js";
import { LOADING, VOICE } from "./flags.js";
import { plainText } from "./markdown.js";
import { avatar, known, nameOf } from "../widgets/people.js";

/** What stands above a message: who used which command, or what it answers; null for neither. */
export function contextNode(message, app) {
  const used = message.interaction_metadata;
  if (used) {
    const name = message.interaction?.name ?? used.name;
    const user = known(app.store, used.user);
    const kind =
      used.type === 2
        ? [
            "used ",
            h("span", { class: "command-name" }, used.command_type > 1 || !name ? (name ?? "a command") : `/${name}`),
          ]
        : [used.type === 5 ? "filled in a form" : "pressed a button"];
    return h(
      "div",
      { class: "used" },
      avatar(app.store, user, "tiny"),
      h("strong", {}, nameOf(app.store, user, app.guild())),
      " ",
      kind,
    );
  }
  if (!message.message_reference) return null;
  const original = message.referenced_message;
  if (!original) return h("div", { class: "used" }, icon("reply"), "The original message was deleted");
  return h(
    "button",
    { type: "button", class: "used bare", onclick: () => app.showMessage(original.id) },
    icon("reply"),
    avatar(app.store, original.author, "tiny"),
    h("strong", {}, nameOf(app.store, known(app.store, original.author), app.guild())),
    " ",
    h("span", { class: "ellipsis" }, summary(original, app)),
  );
}

/** One line that stands for a message: in replies and for those who listen. */
export function summary(message, app) {
  if (message.flags & LOADING) return "is thinking…";
  if (message.content) return plainText(message.content, app);
  const texts = textsOf(message.components ?? []);
  if (texts.length) return plainText(texts.join(" "), app);
  if (message.flags & VOICE) return "Voice message";
  return message.attachments?.map((one) => one.filename).join(", ") || message.embeds?.[0]?.title || "Message";
}

function textsOf(components) {
  return components.flatMap((one) => (one.type === 10 ? [one.content] : textsOf(one.components ?? [])));
}
