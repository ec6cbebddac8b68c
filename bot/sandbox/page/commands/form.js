// The command that is being written: its name, a field for each option in use, a chip for each that could be added.

import { h, icon, iconButton } from "../widgets/dom.js";
import { ATTACHMENT, hint, openOption, readRest } from "./commands.js";
import { OptionField } from "./field.js";

export class CommandForm {
  /**
   * @param {object} leaf from commands.js
   * @param {{completion: object, world: Function, suggest: Function, onrun: Function, onleave: Function}} host the composer
   */
  constructor(leaf, host) {
    this.leaf = leaf;
    this.host = host;
    this.completion = host.completion;
    this.fields = leaf.options.filter((option) => option.required).map((option) => new OptionField(option, this));
    this.help = h("div", { class: "command-help", id: "command-help", "aria-live": "polite" });
    this.row = h("div", { class: "command-row" });
    this.chips = h("div", { class: "chips" });
    this.node = h(
      "div",
      { class: "command-form", role: "group", "aria-label": `Command /${leaf.path}` },
      this.help,
      h(
        "div",
        { class: "command-line" },
        h("span", { class: "command-name" }, `/${leaf.path}`),
        iconButton("close", "Cancel the command", () => host.onleave("")),
        this.row,
        iconButton("send", "Run the command", () => this.run(), { class: "icon-button send" }),
      ),
      this.chips,
    );
    this.node.addEventListener("keydown", (event) => this.key(event));
    this.paint();
    this.focused(null);
  }

  world() {
    return this.host.world();
  }

  paint() {
    this.row.replaceChildren(...this.fields.map((field) => field.node));
    const left = oneOfEach(this.leaf.options.filter((option) => !this.fields.some((field) => field.option === option)));
    this.chips.replaceChildren(
      ...left.map((option) =>
        h(
          "button",
          {
            type: "button",
            class: "chip",
            title: `${option.description} (${hint(option)})`,
            onclick: () => this.add(option).focus(),
          },
          icon("plus"),
          option.name,
        ),
      ),
    );
  }

  /** Take over a typed line's values. */
  fill(rest) {
    const { texts, stray } = readRest(this.leaf, rest);
    for (const option of this.leaf.options)
      if (option.name in texts && option.type !== ATTACHMENT) this.add(option).text = texts[option.name];
    if (stray) this.complain(`/${this.leaf.path} has no option for “${stray}”.`);
  }

  add(option) {
    const there = this.fields.find((field) => field.option === option);
    if (there) return there;
    const field = new OptionField(option, this);
    this.fields.push(field);
    this.fields.sort((a, b) => this.leaf.options.indexOf(a.option) - this.leaf.options.indexOf(b.option));
    this.paint();
    return field;
  }

  drop(field) {
    this.fields = this.fields.filter((one) => one !== field);
    this.paint();
    this.focus();
  }

  /** Files that were dropped or pasted go to the file options in turn; without one they are refused. */
  addFiles(files) {
    for (const file of files) {
      const option = this.leaf.options.find(
        (one) => one.type === ATTACHMENT && !this.fields.some((field) => field.option === one && field.file),
      );
      if (!option) return this.complain(`/${this.leaf.path} takes no more files.`);
      this.add(option).setFile(file);
    }
    return undefined;
  }

  focus() {
    const empty = this.fields.find((field) => field.empty) ?? this.fields.at(-1);
    if (empty) empty.focus();
    else {
      this.node.tabIndex = -1; // a command without options: Enter is enough, so the form itself has to hear it
      this.node.focus();
    }
  }

  focused(field) {
    const option = field?.option;
    this.help.replaceChildren(
      ...(option
        ? [
            h("strong", {}, option.name),
            h("span", {}, option.description),
            h("small", { class: "muted" }, hint(option)),
          ]
        : [
            h("strong", {}, `/${this.leaf.path}`),
            h("span", {}, this.leaf.description),
            this.fields.length === 0 && h("small", { class: "muted" }, "press Enter to run"),
          ].filter(Boolean)),
    );
  }

  complain(sentence, field = null) {
    field?.node.classList.add("wrong");
    field?.focus();
    this.help.replaceChildren(h("span", { class: "error", role: "alert" }, sentence));
  }

  changed() {
    this.host.onchange?.();
  }

  suggest(field) {
    const options = {};
    for (const one of this.fields) {
      const read = one.option.type === ATTACHMENT || one.empty || one === field ? null : one.read();
      if (read && "value" in read) options[one.option.name] = read.value;
    }
    return this.host.suggest(this.leaf, { ...options, [field.option.name]: field.input.value }, field.option.name);
  }

  /** "count:" typed inside a field goes on in that option's own field. */
  jump(field) {
    const match = /(?:^|\s)([\p{L}\p{N}_-]+):$/u.exec(field.input.value);
    const option = match && this.leaf.options.find((one) => one.name === match[1] && one !== field.option);
    const own = match && match[1] === field.option.name && match.index === 0;
    if (!option && !own) return false;
    field.text = field.input.value.slice(0, match.index);
    if (option) this.add(option).focus();
    return true;
  }

  next(field) {
    const after = this.fields[this.fields.indexOf(field) + 1];
    if (after?.empty) after.focus();
    else field.input.focus(); // the list is closed now, so Enter runs the command
    this.completion.hide();
  }

  key(event) {
    const field = this.fields.find((one) => one.input === event.target);
    if (this.completion.key(event) || event.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      this.host.onleave(this.asText());
    } else if (event.key === "Enter" && (field || event.target === this.node) && field?.option.type !== ATTACHMENT) {
      event.preventDefault();
      this.run();
    } else if (event.key === "Backspace" && field?.empty && field.option.type !== ATTACHMENT) {
      event.preventDefault();
      if (field.option.required && this.fields.indexOf(field) === 0) this.host.onleave(`/${this.leaf.path}`);
      else if (field.option.required) this.fields[this.fields.indexOf(field) - 1].focus();
      else this.drop(field);
    }
  }

  asText() {
    const open = openOption(this.leaf);
    return [
      `/${this.leaf.path}`,
      ...this.fields
        .filter((one) => one.text)
        .map((one) => (one.option === open && one === this.fields[0] ? one.text : `${one.option.name}:${one.text}`)),
    ].join(" ");
  }

  run() {
    const options = {};
    for (const field of this.fields) {
      if (field.empty && !field.option.required) continue;
      const read = field.empty
        ? { error: `${field.option.name} is needed: ${field.option.description}` }
        : field.read();
      if (read.error) return this.complain(read.error, field);
      options[field.option.name] = read.value;
    }
    this.completion.hide();
    return this.host.onrun(this.leaf, options, this);
  }
}

/** Of photo1, photo2, … only the next is offered, or they would hide everything else. */
function oneOfEach(options) {
  const stem = (option) => option.name.replace(/\d+$/, "");
  return options.filter(
    (option, i) =>
      option.type !== ATTACHMENT ||
      options.findIndex((one) => one.type === ATTACHMENT && stem(one) === stem(option)) === i,
  );
}
