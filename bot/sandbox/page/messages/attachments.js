// Files under a message: pictures, sound, video, text that can be looked into, anything else to download.

import { address, h, icon, sameness } from "../widgets/dom.js";
import { VOICE } from "./flags.js";
import { openLightbox } from "../widgets/lightbox.js";
import { voicePlayer } from "./player.js";

const PEEK_BYTES = 64 * 1024;
const PICTURES = ["image/png", "image/jpeg", "image/webp", "image/gif", "image/avif", "image/bmp"];

/** 1536 → "1.5 KB" */
export function sizeText(bytes) {
  const units = ["bytes", "KB", "MB", "GB"];
  const step = bytes > 0 ? Math.min(3, Math.floor(Math.log(bytes) / Math.log(1024))) : 0;
  return `${Number((bytes / 1024 ** step).toFixed(step ? 1 : 0))} ${units[step]}`;
}

export function isPicture(attachment) {
  return PICTURES.includes((attachment.content_type ?? "").split(";")[0]);
}

/** Nodes for the files of one message. */
export function attachmentNodes(message) {
  if (message.flags & VOICE && message.attachments[0]) return [voicePlayer(message.attachments[0])];
  const pictures = message.attachments.filter(isPicture);
  const others = message.attachments.filter((one) => !isPicture(one));
  return [pictures.length > 0 && gallery(pictures.map(fromAttachment)), ...others.map(fileNode)].filter(Boolean);
}

function fromAttachment(one) {
  return {
    url: one.url,
    alt: one.description ?? "",
    name: one.filename,
    width: one.width,
    height: one.height,
    spoiler: one.filename.startsWith("SPOILER_"),
  };
}

/** A grid of pictures that keeps its place on the page while they load; a press enlarges one. */
export function gallery(pictures) {
  const node = h("div", { class: `gallery n${Math.min(pictures.length, 5)}` });
  node.pictures = pictures;
  node.append(...pictures.map((picture, i) => tile(node, picture, i)));
  return node;
}

/** Show other pictures in the same tiles: a preview gives way to the next without the layout or the focus moving. */
export function updateGallery(node, pictures) {
  if (
    node.pictures.length !== pictures.length ||
    pictures.some((one, i) => Boolean(one.spoiler) !== Boolean(node.pictures[i].spoiler))
  )
    return false;
  node.pictures = pictures;
  [...node.children].forEach((child, i) => fill(child, pictures[i]));
  return true;
}

function tile(node, picture, index) {
  const button = h(
    "button",
    {
      type: "button",
      class: "tile",
      onclick: () => {
        if (button.classList.contains("hidden")) {
          button.classList.remove("hidden");
          fill(button, node.pictures[index]);
        } else openLightbox(node.pictures, index);
      },
    },
    h("img", { decoding: "async" }),
  );
  if (picture.spoiler) button.classList.add("hidden");
  fill(button, picture);
  return button;
}

function fill(button, picture) {
  const image = button.querySelector("img");
  const source = address(picture.url);
  if (sameness(image.getAttribute("src")) !== sameness(source)) image.src = source;
  image.alt = picture.alt || "Picture without description";
  if (picture.width && picture.height) button.style.setProperty("--shape", `${picture.width} / ${picture.height}`);
  if (picture.width) button.style.setProperty("--width", `${picture.width}px`);
  const label = picture.alt || picture.name || "picture";
  button.setAttribute(
    "aria-label",
    button.classList.contains("hidden") ? "Spoiler: press to show the picture" : `Enlarge: ${label}`,
  );
}

/** @param {{url: string, filename: string, size: number, content_type?: string}} file */
export function fileNode(file) {
  const type = (file.content_type ?? "").split(";")[0];
  const open = h(
    "a",
    {
      class: "icon-button",
      href: file.url,
      download: file.filename,
      "aria-label": `Download ${file.filename}`,
      title: "Download",
    },
    icon("download"),
  );
  const isText = type.startsWith("text/") || /\.(txt|srt|vtt|md|csv|json|log)$/i.test(file.filename);
  const peek = isText && file.size <= PEEK_BYTES && peekButton(file);
  const row = h(
    "div",
    { class: "file" },
    icon("file"),
    h(
      "span",
      { class: "file-name" },
      h("span", {}, file.filename),
      h("small", {}, file.size ? sizeText(file.size) : ""),
    ),
    peek,
    open,
  );
  if (type.startsWith("audio/"))
    row.append(h("audio", { controls: true, preload: "none", src: file.url, "aria-label": file.filename }));
  if (type.startsWith("video/"))
    row.append(h("video", { controls: true, preload: "metadata", src: file.url, "aria-label": file.filename }));
  return row;
}

function peekButton(file) {
  const button = h(
    "button",
    {
      type: "button",
      class: "icon-button",
      "aria-label": `Preview ${file.filename}`,
      "aria-expanded": "false",
      title: "Preview",
    },
    icon("eye"),
  );
  button.addEventListener("click", async () => {
    const row = button.closest(".file");
    const open = row.querySelector("pre");
    button.setAttribute("aria-expanded", String(!open));
    if (open) return open.remove();
    const response = await fetch(address(file.url)).catch(() => null);
    const text = response?.ok ? await response.text() : "This file is no longer available.";
    return row.append(h("pre", { class: "peek", tabindex: "0" }, text));
  });
  return button;
}
