// The list above the message box: commands, choices, suggestions. The focus stays in the field; the arrow keys move
// through the list, Tab or Enter takes what is marked, Escape closes it. Where nothing is marked, Enter sends what was
// typed, and Tab takes the first.

import { h } from "./dom.js";

export class Completion {
  constructor() {
    this.items = [];
    this.active = -1;
    this.title = h("div", { class: "completion-title" });
    this.list = h("div", {
      class: "completion-list",
      role: "listbox",
      id: "completion-list",
      "aria-label": "Suggestions",
    });
    this.node = h("div", { class: "completion", hidden: true }, this.title, this.list);
    // A press must not take the focus from the field.
    this.node.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  get open() {
    return !this.node.hidden;
  }

  /**
   * Show `items` ({label, detail, tag}) for the field `input`.
   * @param {(item: object) => void} onpick
   * @param {{title?: string, active?: number, empty?: string}} options active -1: nothing is marked until an arrow is pressed
   */
  show(input, items, onpick, { title = "", active = 0, empty = "" } = {}) {
    if (this.input && this.input !== input) this.hide();
    if (items.length === 0 && !empty) return this.hide();
    this.input = input;
    this.items = items;
    this.onpick = onpick;
    this.title.textContent = title;
    this.rows = items.map((item, i) =>
      h(
        "div",
        {
          class: "completion-row",
          role: "option",
          id: `completion-${i}`,
          "aria-selected": "false",
          onclick: () => this.pick(i),
        },
        h("span", { class: "completion-label" }, item.label),
        item.detail && h("span", { class: "completion-detail" }, item.detail),
        item.tag && h("span", { class: "completion-tag" }, item.tag),
      ),
    );
    this.list.replaceChildren(...(items.length ? this.rows : [h("p", { class: "muted" }, empty)]));
    this.node.hidden = false;
    input.setAttribute("aria-expanded", "true");
    input.setAttribute("aria-controls", "completion-list");
    this.mark(items.length ? active : -1);
    return undefined;
  }

  hide() {
    this.node.hidden = true;
    this.items = [];
    this.active = -1;
    this.input?.setAttribute("aria-expanded", "false");
    this.input?.removeAttribute("aria-activedescendant");
    this.input = null;
  }

  mark(index) {
    this.active = index;
    this.rows.forEach((row, i) => row.setAttribute("aria-selected", String(i === index)));
    if (index < 0) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", `completion-${index}`);
    return this.rows[index]?.scrollIntoView({ block: "nearest" });
  }

  pick(index) {
    const item = this.items[index];
    const { onpick } = this;
    this.hide();
    onpick(item);
  }

  /** Handle a key pressed in the field. @returns {boolean} true where the list used it */
  key(event) {
    if (!this.open || event.isComposing) return false;
    const count = this.items.length;
    if (event.key === "Escape") this.hide();
    else if (count === 0) return false;
    else if (event.key === "ArrowDown") this.mark((this.active + 1) % count);
    else if (event.key === "ArrowUp") this.mark((this.active - 1 + count) % count);
    else if ((event.key === "Tab" || event.key === "Enter") && !event.shiftKey && this.active >= 0)
      this.pick(this.active);
    else if (event.key === "Tab" && !event.shiftKey) this.pick(0);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
}
