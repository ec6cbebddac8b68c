// A modal that the bot opened.

import { h, iconButton } from "../widgets/dom.js";
import { fieldOf } from "./fields.js";
import { blocks } from "../messages/markdown.js";

export class ModalView {
  constructor({ interaction_id, modal }, app) {
    this.id = interaction_id;
    this.app = app;
    this.fields = [];
    this.error = h("p", { class: "error", role: "alert", hidden: true });
    this.submitButton = h("button", { type: "submit", class: "button primary" }, "Submit");
    this.form = h(
      "form",
      { novalidate: true, onsubmit: (event) => this.submit(event) },
      h(
        "header",
        {},
        h("h2", { id: `modal-${this.id}` }, modal.title),
        iconButton("close", "Close the form", () => this.cancel()),
      ),
      h(
        "div",
        { class: "modal-body" },
        modal.components.map((component) => this.part(component)),
      ),
      this.error,
      h(
        "footer",
        {},
        h("button", { type: "button", class: "button secondary", onclick: () => this.cancel() }, "Cancel"),
        this.submitButton,
      ),
    );
    this.dialog = h("dialog", { class: "modal", "aria-labelledby": `modal-${this.id}` }, this.form);
    this.dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.cancel();
    });
    document.body.append(this.dialog);
    this.dialog.showModal();
    this.form.querySelector(".modal-body .field :is(input:not([type=file]), textarea, button)")?.focus();
  }

  part(component) {
    if (component.type === 10) return h("div", { class: "text-display" }, blocks(component.content, this.app));
    if (component.type === 1)
      return component.components.map((one) => this.labelled(one, one.label ?? one.placeholder ?? "", null));
    if (component.type === 18) return this.labelled(component.component, component.label, component.description);
    return this.labelled(component, component.label ?? "", null);
  }

  labelled(component, label, description) {
    const field = fieldOf(component, this.app, label);
    field.note = h("small", { class: "error", id: `${field.id}-problem` });
    this.fields.push(field);
    const needed = component.required ?? true;
    const heading =
      component.type !== 23 && // a box to tick has its words beside it
      h(
        "label",
        { for: field.id, class: "field-label" },
        label,
        needed && h("span", { class: "needed", title: "required" }, " *"),
      );
    return h(
      "div",
      { class: "field" },
      heading,
      description && h("p", { class: "muted" }, description),
      field.node,
      field.note,
    );
  }

  async submit(event) {
    event.preventDefault();
    let first = null;
    for (const field of this.fields) {
      const problem = field.problem();
      field.note.textContent = problem ?? "";
      if (problem) first ??= field;
    }
    if (first) return document.getElementById(first.id)?.focus();
    const values = {};
    for (const field of this.fields) if (field.value() !== undefined) values[field.customId] = field.value();
    this.busy(true);
    try {
      // The form stays until the bot has taken it: `modal_close` closes it, and a failure leaves everything as it was typed.
      await this.app.api.do("submit", { interaction_id: this.id, values });
    } catch (error) {
      this.fail(error.message);
    }
    return undefined;
  }

  /** The bot's answer to the submission, where it is a failure. */
  heard(interaction) {
    const mine = interaction.kind === "modal" && this.submitButton.disabled; // one form is open at a time
    if (mine && interaction.state === "failed") this.fail(interaction.error ?? "Something went wrong. Try again.");
  }

  fail(sentence) {
    this.busy(false);
    this.error.textContent = sentence;
    this.error.hidden = false;
  }

  busy(on) {
    this.error.hidden = true;
    this.submitButton.disabled = on;
    this.submitButton.textContent = on ? "Sending…" : "Submit";
  }

  cancel() {
    this.close();
    this.app.api.do("cancel", { interaction_id: this.id }).catch(() => {}); // gone already is as good
  }

  close() {
    this.dialog.close();
    this.dialog.remove();
  }
}
