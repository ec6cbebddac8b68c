// What stands in the message box while a voice message is being recorded.

import { h, iconButton } from "../widgets/dom.js";
import { clockText } from "../messages/player.js";
import { cannotRecord, LONGEST_S, Recorder } from "./recorder.js";

const REASONS = {
  NotAllowedError: "The browser was not allowed to use the microphone.",
  NotFoundError: "No microphone was found.",
  NotReadableError: "The microphone is in use by another program.",
};

export class RecorderBar {
  /** @param {{onsend: (recording: object) => void, onclose: Function, oncomplaint: (sentence: string) => void}} host */
  constructor(host) {
    this.host = host;
    this.clock = h("span", { class: "clock" }, "0:00");
    this.meter = h("div", { class: "meter", "aria-hidden": "true" });
    this.send = iconButton("send", "Send the voice message", () => this.finish(), { class: "icon-button send" });
    this.node = h(
      "div",
      { class: "recorder", role: "group", "aria-label": "Recording a voice message" },
      iconButton("trash", "Discard the recording", () => this.cancel()),
      h("span", { class: "recording-dot", "aria-hidden": "true" }),
      this.clock,
      this.meter,
      this.send,
    );
    this.node.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.cancel();
    });
  }

  async start() {
    const reason = cannotRecord();
    if (reason) return this.fail(reason);
    try {
      this.recorder = await Recorder.start((seconds, level) => this.tick(seconds, level));
    } catch (error) {
      return this.fail(REASONS[error.name] ?? `The microphone cannot be used: ${error.message}`);
    }
    if (this.closed) return this.recorder.cancel(); // left while the browser was still asking
    return this.send.focus();
  }

  tick(seconds, level) {
    this.clock.textContent = clockText(seconds);
    this.meter.append(h("i", { style: { "--height": level.toFixed(2) } }));
    while (this.meter.children.length > 60) this.meter.firstChild.remove();
    if (seconds >= LONGEST_S) this.finish();
  }

  async finish() {
    if (!this.recorder || this.closed) return;
    this.closed = true;
    const recording = await this.recorder.finish();
    this.host.onclose();
    this.host.onsend(recording);
  }

  cancel() {
    this.closed = true;
    this.recorder?.cancel();
    this.host.onclose();
  }

  fail(sentence) {
    this.closed = true;
    this.host.onclose();
    this.host.oncomplaint(sentence);
  }
}
