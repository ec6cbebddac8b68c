// Files that wait to be sent: thumbnails with a way to take one out again. Also used in modals.

import { h, icon, iconButton } from "../widgets/dom.js";
import { sizeText } from "../messages/attachments.js";

export class UploadTray {
  /** @param {{most: number, bytes: number, onchange: Function, oncomplaint: (sentence: string) => void}} rules */
  constructor(rules) {
    this.rules = rules;
    this.files = [];
    this.node = h("ul", { class: "tray", "aria-label": "Files to send", hidden: true });
  }

  /** Take files in, as far as the limits allow; says which were not taken and why. */
  add(files) {
    for (const file of files) {
      if (this.files.length >= this.rules.most) {
        this.rules.oncomplaint(`At most ${this.rules.most} ${this.rules.most === 1 ? "file" : "files"}.`);
        break;
      }
      if (file.size > this.rules.bytes)
        this.rules.oncomplaint(
          `${file.name} is too large: ${sizeText(file.size)} of at most ${sizeText(this.rules.bytes)}.`,
        );
      else this.files.push(file);
    }
    this.paint();
  }

  remove(file) {
    this.files = this.files.filter((one) => one !== file);
    this.paint();
  }

  clear() {
    this.files = [];
    this.paint();
  }

  paint() {
    for (const image of this.node.querySelectorAll("img")) URL.revokeObjectURL(image.src);
    this.node.replaceChildren(
      ...this.files.map((file) =>
        h(
          "li",
          {},
          file.type.startsWith("image/") ? h("img", { src: URL.createObjectURL(file), alt: "" }) : icon("file"),
          h("span", { class: "tray-name", title: file.name }, file.name),
          h("small", { class: "muted" }, sizeText(file.size)),
          iconButton("close", `Remove ${file.name}`, () => this.remove(file)),
        ),
      ),
    );
    this.node.hidden = this.files.length === 0;
    this.rules.onchange();
  }
}

/** Let files be dropped on `node`; text that is dragged about goes its usual way. */
export function dropZone(node, take) {
  let depth = 0; // enter and leave come for every child on the way
  const mark = (change) => {
    depth = change === 0 ? 0 : depth + change;
    node.classList.toggle("dropping", depth > 0);
  };
  const holds = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  node.addEventListener("dragenter", (event) => {
    if (holds(event)) {
      event.preventDefault();
      mark(1);
    }
  });
  node.addEventListener("dragleave", (event) => {
    if (holds(event)) mark(-1);
  });
  node.addEventListener("dragover", (event) => {
    if (holds(event)) event.preventDefault();
  });
  node.addEventListener("drop", (event) => {
    if (!holds(event)) return;
    event.preventDefault();
    mark(0);
    take([...event.dataTransfer.files]);
  });
}
