// One option of the command that is being written: its name, and a field that fits its type.

import { h, iconButton } from "../widgets/dom.js";
import { ATTACHMENT, pickable, readValue, STRING } from "./commands.js";

const SUGGEST_AFTER_MS = 150;

export class OptionField {
  /**
   * @param {object} option Discord's option
   * @param {object} form the CommandForm: completion, world(), suggest(option, text), changed(), leave(field, how)
   */
  constructor(option, form) {
    this.option = option;
    this.form = form;
    this.file = null;
    this.picked = null; // {value, label} chosen from a list; typing anew forgets it
    const remove = !option.required && iconButton("close", `Remove ${option.name}`, () => form.drop(this));
    this.input = option.type === ATTACHMENT ? this.filePicker() : this.textInput();
    this.node = h(
      "div",
      { class: `option-field${option.required ? " required" : ""}` },
      h("label", { for: this.input.id }, option.name),
      this.input,
      this.chooser,
      remove,
    );
  }

  textInput() {
    const input = h("input", {
      id: `option-${this.option.name}`,
      autocomplete: "off",
      spellcheck: this.option.type === STRING ? "true" : "false",
      role: "combobox",
      "aria-expanded": "false",
      "aria-autocomplete": "list",
      "aria-describedby": "command-help",
      "aria-required": String(Boolean(this.option.required)),
      enterkeyhint: "send",
    });
    input.addEventListener("input", () => {
      this.picked = null;
      this.node.classList.remove("wrong");
      this.fit();
      if (this.form.jump(this)) return;
      this.suggest();
      this.form.changed();
    });
    input.addEventListener("focus", () => {
      this.form.focused(this);
      this.suggest();
    });
    input.addEventListener("blur", () => this.form.completion.hide());
    return input;
  }

  filePicker() {
    this.picker = h("input", { type: "file", class: "unseen", tabindex: "-1", "aria-hidden": "true" });
    this.picker.addEventListener("change", () => this.setFile(this.picker.files[0] ?? this.file));
    this.chooser = this.picker;
    return h(
      "button",
      {
        type: "button",
        id: `option-${this.option.name}`,
        class: "choose-file",
        onclick: () => this.picker.click(),
        onfocus: () => this.form.focused(this),
      },
      "Choose a file…",
    );
  }

  setFile(file) {
    this.file = file;
    this.input.textContent = file ? file.name : "Choose a file…";
    this.node.classList.remove("wrong");
    this.form.changed();
  }

  get text() {
    return this.option.type === ATTACHMENT ? "" : this.input.value.trim();
  }

  set text(text) {
    this.input.value = text;
    this.picked = null;
    this.fit();
  }

  get empty() {
    return this.option.type === ATTACHMENT ? !this.file : !this.text;
  }

  fit() {
    this.input.style.setProperty("--letters", String(Math.max(4, this.input.value.length + 1)));
  }

  /** What is to be sent, or the sentence that says what is wrong. */
  read() {
    if (this.option.type === ATTACHMENT)
      return this.file ? { value: this.file } : { error: `Choose a file for ${this.option.name}.` };
    if (this.picked) return { value: this.picked.value };
    return readValue(this.option, this.text, this.form.world());
  }

  /** Show what can be chosen: from the option itself, or from the bot where it completes. */
  suggest() {
    clearTimeout(this.timer);
    const known = pickable(this.option, this.form.world());
    if (known.length)
      return this.list(
        known.filter((one) => this.picked || one.label.toLowerCase().includes(this.text.toLowerCase())),
        true,
      );
    if (!this.option.autocomplete) return this.form.completion.hide();
    this.timer = setTimeout(() => this.ask(), SUGGEST_AFTER_MS);
    return undefined;
  }

  async ask() {
    const asked = this.input.value;
    const choices = await this.form.suggest(this);
    if (this.input.value !== asked || document.activeElement !== this.input) return; // an answer to older letters
    if (choices)
      this.list(
        choices.map((one) => ({ value: one.value, label: one.name })),
        false,
      );
    else this.form.completion.show(this.input, [], () => {}, { empty: "Suggestions could not be loaded." });
  }

  list(items, exact) {
    const at = this.picked ? items.findIndex((item) => item.value === this.picked.value) : 0;
    this.form.completion.show(this.input, items.slice(0, 25), (item) => this.choose(item), {
      title: this.option.name,
      active: exact ? at : -1,
    });
  }

  choose(item) {
    this.text = item.label;
    this.picked = item;
    this.form.changed();
    this.form.next(this);
  }

  focus() {
    this.input.focus();
  }
}
