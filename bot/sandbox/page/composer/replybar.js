// The line above the message box that says which message is being replied to or edited.

import { h, icon, iconButton } from "../widgets/dom.js";

export class ReplyBar {
  /**
   * @param {(user: object) => string} nameOf
   * @param {() => void} onclose
   */
  constructor(nameOf, onclose) {
    this.nameOf = nameOf;
    this.onclose = onclose;
    this.node = h("div", { class: "about", hidden: true });
    this.set(null);
  }

  /** @param {"reply"|"edit"} kind what is done with `message`; null ends it */
  set(message, kind) {
    this.replying = kind === "reply" ? message : null;
    this.editing = kind === "edit" ? message : null;
    this.node.hidden = !message;
    if (!message) return;
    const [mark, text, close] = this.editing
      ? ["pencil", "Editing your message", "Stop editing"]
      : ["reply", `Replying to ${this.nameOf(message.author)}`, "Cancel the reply"];
    this.node.replaceChildren(icon(mark), text, iconButton("close", close, this.onclose));
  }
}
