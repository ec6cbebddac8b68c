// Builds elements. It is the only way nodes are made here: strings become text nodes and never markup,
// so nothing that a member or a bot writes can turn into a tag.

/** Make an element: `h("button", {class: "x", onclick: f}, "text", otherNode)`; null and false are left out. */
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props ?? {})) set(node, key, value);
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function set(node, key, value) {
  if (value === undefined || value === null || value === false) return;
  if (key === "class") node.className = value;
  else if (key === "data") Object.assign(node.dataset, value);
  else if (key === "style") for (const [name, text] of Object.entries(value)) node.style.setProperty(name, text);
  else if (key === "href" || key === "src") node.setAttribute(key, address(value));
  else if (key.startsWith("on") && typeof value === "function") node.addEventListener(key.slice(2), value);
  else node.setAttribute(key, value === true ? "" : value);
}

/** An address that is safe to load or to link to. The CDN's own addresses lose their host, so that the page
 * works under every name of this machine (localhost, 127.0.0.1, a forwarded port). */
export function address(url) {
  const text = String(url ?? "");
  if (text.startsWith("blob:") || text.startsWith("#")) return text;
  let parsed;
  try {
    parsed = new URL(text, location.origin);
  } catch {
    return "#";
  }
  if (/^\/(attachments|media|ephemeral-attachments)\//.test(parsed.pathname)) return parsed.pathname + parsed.search;
  return parsed.protocol === "http:" || parsed.protocol === "https:" ? parsed.href : "#";
}

/** What a value is, as text to compare by. The CDN signs its addresses anew each time it is asked; that alone is no
 * change, and must neither load a picture again nor end a voice message that is being played. */
export function sameness(value) {
  return JSON.stringify(value ?? null, (key, item) =>
    typeof item === "string" && item.includes("/attachments/") ? item.replace(/\?ex=.*$/s, "") : item,
  );
}

/** Make `nodes` the children of `parent` and touch only what differs, so that focus and playing sound survive. */
export function reconcile(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.childNodes]) if (!wanted.has(child)) child.remove();
  let here = parent.firstChild;
  for (const node of nodes) {
    if (node === here) here = here.nextSibling;
    else parent.insertBefore(node, here);
  }
}

// 24 × 24 outlines, drawn for this page.
const ICONS = {
  hash: "M9 4 7 20M17 4l-2 16M4 9h16M3.5 15h16",
  at: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zm4 0v5.5a2.5 2.5 0 0 0 5 0V12a9 9 0 1 0-3.6 7.2",
  send: "M4 12 20 4l-5 16-4-6.5zM11 13.5 20 4",
  mic: "M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21M8.5 21h7",
  plus: "M12 5v14M5 12h14",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  smile: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8.5 14a4 4 0 0 0 7 0M9 9.5h.01M15 9.5h.01",
  reply: "M10 5 4 11l6 6M4 11h9a7 7 0 0 1 7 7",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
  pencil: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  play: "M8 5v14l11-7z",
  pause: "M8 5v14M16 5v14",
  stop: "M7 7h10v10H7z",
  close: "M6 6l12 12M18 6 6 18",
  menu: "M4 7h16M4 12h16M4 17h16",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  spark: "M12 3l2 6.5L20.5 12 14 14.5 12 21l-2-6.5L3.5 12 10 9.5z",
  down: "M6 9l6 6 6-6",
  left: "M15 5l-7 7 7 7",
  right: "M9 5l7 7-7 7",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  check: "M5 12.5l4.5 4.5L19 7.5",
  people:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0M16 4.5a3.5 3.5 0 0 1 0 6.5M18 14a6.5 6.5 0 0 1 3.5 6",
};

/** A small drawing that says nothing to a screen reader; the button around it carries the name. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A button that shows only an icon. */
export function iconButton(name, label, onclick, props = {}) {
  return h(
    "button",
    { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...props },
    icon(name),
  );
}
