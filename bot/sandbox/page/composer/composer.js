// The message box: plain text, a command being written, or a recording. Nothing typed is lost by an error.

import { h, iconButton } from "../widgets/dom.js";
import { ReplyBar } from "./replybar.js";
import { CommandForm } from "../commands/form.js";
import { suggestCommands } from "../commands/suggestions.js";
import { ATTACHMENT, leaves, splitLine } from "../commands/commands.js";
import { Completion } from "../widgets/completion.js";
import { lineToTry, placeholder } from "../commands/hints.js";
import { addressed } from "../messages/mentions.js";
import { nameOf } from "../widgets/people.js";
import { RecorderBar } from "./recorderbar.js";
import { dropZone, UploadTray } from "./uploads.js";

const TYPING_EVERY_MS = 8000;

export class Composer {
  constructor(node, app) {
    this.node = node;
    this.app = app;
    this.form = null; // the CommandForm in use
    this.drafts = new Map(); // channel id → text
    this.completion = new Completion();
    this.tray = new UploadTray({
      most: 10,
      bytes: 10 * 2 ** 20,
      onchange: () => this.paint(),
      oncomplaint: (text) => this.complain(text),
    });
    this.complaint = h("p", { class: "error composer-error", role: "alert", hidden: true });
    this.replyBar = new ReplyBar(
      (user) => nameOf(app.store, user),
      () => this.setAbout(null),
    );
    this.text = h("textarea", {
      id: "composer-text",
      rows: "1",
      role: "combobox",
      "aria-expanded": "false",
      "aria-autocomplete": "list",
      "aria-label": "Message",
      enterkeyhint: "send",
    });
    this.picker = h("input", { type: "file", multiple: true, class: "unseen", tabindex: "-1", "aria-hidden": "true" });
    this.mic = iconButton("mic", "Record a voice message", () => this.record());
    this.go = iconButton("send", "Send", () => this.enter(), { class: "icon-button send" });
    this.box = h(
      "div",
      { class: "box" },
      iconButton("plus", "Attach files", () => this.picker.click()),
      this.picker,
      this.text,
      this.mic,
      this.go,
    );
    this.body = h("div", { class: "composer-body" }, this.box);
    node.append(this.completion.node, this.complaint, this.replyBar.node, this.tray.node, this.body);
    this.listen();
  }

  listen() {
    this.text.addEventListener("input", (event) => this.typed(event));
    this.text.addEventListener("keydown", (event) => this.key(event));
    this.text.addEventListener("blur", () => this.completion.hide());
    this.picker.addEventListener("change", () => {
      this.take([...this.picker.files]);
      this.picker.value = "";
    });
    this.node.addEventListener("paste", (event) => {
      if (event.clipboardData.files.length === 0) return;
      event.preventDefault();
      this.take([...event.clipboardData.files]);
    });
    dropZone(document.getElementById("chat"), (files) => this.take(files));
  }

  /** Another channel or another member: keep the draft, begin anew. */
  moved() {
    if (this.channel) this.drafts.set(this.channel, this.form ? this.form.asText() : this.text.value);
    this.recording?.cancel();
    this.channel = this.app.store.current;
    this.leaveForm(this.drafts.get(this.channel) ?? "", false);
    this.setAbout(null);
    this.tray.clear();
    this.refresh();
  }

  /** The world changed: limits, commands, rights. */
  refresh() {
    const { store } = this.app;
    const place = store.place(store.current);
    if (!place) return;
    this.tray.rules.most = store.limits.files;
    this.tray.rules.bytes = place.guild?.upload_limit_bytes ?? store.limits.upload_bytes;
    this.leaves = leaves(store.commandsIn(place));
    const may = place.channel.sandbox?.can_send ?? true;
    this.text.disabled = !may;
    this.mic.disabled = !may;
    this.line = store.bot.online ? lineToTry(store.commandsIn(place)) : null;
    this.text.placeholder = may
      ? placeholder(place, this.line, this.app.channelName(place))
      : "You can't send messages here.";
    this.text.maxLength = store.limits.content * 3; // commands may be longer than messages; the sandbox checks
    this.paint();
  }

  paint() {
    const something = this.text.value.trim() !== "" || this.tray.files.length > 0;
    this.go.hidden = !something;
    this.mic.hidden = something;
    this.text.style.setProperty("height", "auto");
    this.text.style.setProperty("height", `${Math.min(this.text.scrollHeight, 200)}px`);
  }

  typed(event) {
    this.complain("");
    const line = this.text.value;
    // A space after a command's name, typed by hand, opens its fields. A whole line that was pasted stays a line.
    const found = event.inputType === "insertText" && / $/.test(line) && splitLine(line, this.leaves);
    if (found && found.rest === "") return this.startForm(found.leaf);
    this.complete();
    if (!line.startsWith("/")) this.tellTyping();
    return this.paint();
  }

  complete() {
    suggestCommands(this);
  }

  key(event) {
    if (event.isComposing) return;
    const exact = splitLine(this.text.value, this.leaves);
    const runsAtOnce = event.key === "Enter" && exact && !exact.rest && !exact.leaf.options.some((one) => one.required);
    if (event.key === "Tab" && exact?.rest && !event.shiftKey) {
      event.preventDefault();
      this.startForm(exact.leaf, exact.rest);
    } else if (!runsAtOnce && this.completion.key(event)) {
      return;
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.enter();
    } else if (event.key === "Escape") {
      this.setAbout(null);
    } else if (event.key === "ArrowUp" && this.text.value === "") {
      this.app.editLast();
    }
  }

  /** Send what stands in the box. */
  async enter() {
    const line = this.text.value.trim();
    this.completion.hide();
    if (line.startsWith("/") && !this.replyBar.editing) {
      const found = splitLine(line, this.leaves);
      if (!found) return this.complain(`There is no command ${line.split(/\s/)[0]} here. Type / to see them all.`);
      const form = this.startForm(found.leaf, found.rest);
      return form.run();
    }
    const files = this.tray.files;
    if (!line && files.length === 0) return undefined;
    return this.deliver(
      this.replyBar.editing
        ? ["edit", { message_id: this.replyBar.editing.id, content: line }]
        : [
            "say",
            {
              channel_id: this.channel,
              content: addressed(line, Object.values(this.app.store.users)),
              files,
              reply_to: this.replyBar.replying?.id,
            },
          ],
    );
  }

  async deliver([action, body]) {
    const before = this.text.value;
    this.text.value = "";
    try {
      await this.app.api.do(action, body);
      this.tray.clear();
      this.setAbout(null);
    } catch (error) {
      if (!this.text.value) this.text.value = before; // give back what could not be sent
      this.complain(error.message);
    }
    this.paint();
  }

  startForm(leaf, rest = "") {
    this.completion.hide();
    this.form = new CommandForm(leaf, {
      completion: this.completion,
      world: () => this.app.world(),
      suggest: (one, options, focused) => this.app.actions.autocomplete(one, options, focused),
      onrun: (one, options, form) => this.run(one, options, form),
      onleave: (text) => this.leaveForm(text),
    });
    this.body.replaceChildren(this.form.node);
    this.form.fill(rest);
    if (leaf.options.some((one) => one.type === ATTACHMENT)) {
      this.form.addFiles(this.tray.files);
      this.tray.clear();
    }
    if (!this.form.help.querySelector(".error")) this.form.focus();
    return this.form;
  }

  leaveForm(text, focus = true) {
    this.form = null;
    this.completion.hide();
    this.body.replaceChildren(this.box);
    this.text.value = text;
    this.complain("");
    this.paint();
    if (focus) this.text.focus();
  }

  async run(leaf, options, form) {
    form.node.classList.add("busy");
    try {
      await this.app.actions.runCommand(leaf.path, options);
      if (this.form === form) this.leaveForm("");
    } catch (error) {
      form.complain(error.message);
    }
    form.node.classList.remove("busy");
  }

  take(files) {
    this.complain("");
    if (this.form) this.form.addFiles(files);
    else this.tray.add(files);
    if (!this.form) this.text.focus();
  }

  record() {
    this.complain("");
    this.recording = new RecorderBar({
      onsend: ({ file, duration_secs, waveform }) =>
        this.deliver(["voice", { channel_id: this.channel, file, duration_secs, waveform }]),
      onclose: () => {
        this.recording = null;
        if (!this.form) this.body.replaceChildren(this.box);
        this.paint();
      },
      oncomplaint: (sentence) => this.complain(sentence),
    });
    this.body.replaceChildren(this.recording.node);
    this.recording.start();
  }

  /** Answer or edit a message; null for neither. */
  setAbout(message, kind) {
    const wasEditing = this.replyBar.editing;
    this.replyBar.set(message, kind);
    if (this.replyBar.editing) this.text.value = message.content;
    else if (wasEditing) this.text.value = "";
    if (message) this.text.focus();
    this.paint();
  }

  complain(sentence) {
    this.complaint.textContent = sentence;
    this.complaint.hidden = !sentence;
  }

  tellTyping() {
    if (Date.now() - (this.told ?? 0) < TYPING_EVERY_MS || !this.text.value) return;
    this.told = Date.now();
    this.app.api.do("typing", { channel_id: this.channel }).catch(() => {});
  }
}
