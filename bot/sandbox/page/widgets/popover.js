// A panel that floats beside what opened it: menus, select lists, the emoji row, a person's card.
// One at a time; Escape or a press elsewhere closes it and gives the focus back.

import { h } from "./dom.js";

let shown = null; // {node, anchor, close}: the page has one pointer, so it has one open panel

/**
 * Show `content` beside `anchor` (an element, or a point {x, y}).
 * @param {{label: string, role?: string, focus?: Element|null}} options
 * @returns {() => void} closes it
 */
export function popover(anchor, content, { label, role = "dialog", focus = null, onclose = null }) {
  closePopover();
  const node = h("div", { class: "popover", role, "aria-label": label, tabindex: "-1" }, content);
  // Inside an open <dialog> everything else is inert, so the panel has to live in it.
  const host = (anchor instanceof Element && anchor.closest("dialog")) || document.body;
  host.append(node);
  const back = anchor instanceof Element ? anchor : document.activeElement;
  const onkey = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    closePopover();
  };
  const onpress = (event) => {
    if (!node.contains(event.target) && !(anchor instanceof Element && anchor.contains(event.target)))
      closePopover(false);
  };
  document.addEventListener("keydown", onkey, true);
  document.addEventListener("pointerdown", onpress, true);
  const close = (giveBack = true) => {
    document.removeEventListener("keydown", onkey, true);
    document.removeEventListener("pointerdown", onpress, true);
    node.remove();
    shown = null;
    onclose?.();
    if (giveBack && back?.isConnected) back.focus({ preventScroll: true });
  };
  shown = { node, anchor, close };
  put(node, anchor);
  (focus ?? node.querySelector("button, input, [tabindex='0']") ?? node).focus({ preventScroll: true });
  return close;
}

export function closePopover(giveBack = true) {
  shown?.close(giveBack);
}

/** Is the panel that this element opened on show? Pressing the element again should close it then. */
export function isOpenFor(anchor) {
  return shown?.anchor === anchor;
}

function put(node, anchor) {
  const box =
    anchor instanceof Element
      ? anchor.getBoundingClientRect()
      : { left: anchor.x, right: anchor.x, top: anchor.y, bottom: anchor.y };
  if (anchor instanceof Element && anchor.classList.contains("select"))
    node.style.setProperty("min-width", `${Math.min(box.width, 360)}px`);
  const { offsetWidth: width, offsetHeight: height } = node;
  const room_px = 8;
  const below = box.bottom + 4;
  const top =
    below + height <= innerHeight - room_px
      ? below
      : Math.max(room_px, Math.min(box.top - height - 4, innerHeight - height - room_px));
  const left = Math.max(room_px, Math.min(box.left, innerWidth - width - room_px));
  node.style.setProperty("top", `${top}px`);
  node.style.setProperty("left", `${left}px`);
}

/** Arrow keys, Home and End move the focus among `items` of a menu or list. */
export function arrowKeys(container, selector) {
  container.addEventListener("keydown", (event) => {
    const items = [...container.querySelectorAll(selector)].filter(
      (item) => !item.disabled && item.offsetParent !== null,
    );
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to === undefined || items.length === 0) return;
    event.preventDefault();
    items[(to + items.length) % items.length].focus();
  });
}
