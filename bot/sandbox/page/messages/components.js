// Components of a message, Discord's version 2: containers, texts, galleries, sections, buttons, selects.
// A card changes every few seconds while its pictures are made. So a node whose component has not changed is kept,
// with its focus; a gallery keeps its tiles and only loads other pictures into them.

import { h, icon, reconcile, sameness } from "../widgets/dom.js";
import { fileNode, gallery, updateGallery } from "./attachments.js";
import { blocks } from "./markdown.js";
import { hexColour } from "../widgets/people.js";
import { emojiText, selectNode } from "../widgets/select.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link", 6: "primary" };
const drawn = new WeakMap(); // node → {json, type} of the component that it shows

/** Draw `components` into `parent`, keeping what is there already. */
export function drawComponents(parent, components, message, app) {
  const before = [...parent.childNodes];
  reconcile(
    parent,
    components.map((component, i) => componentNode(component, before[i], message, app)),
  );
}

function componentNode(component, before, message, app) {
  const json = sameness(component);
  const known = before && drawn.get(before);
  if (known?.json === json) return before;
  const node =
    (known?.type === component.type && updated(before, component, message, app)) || made(component, message, app);
  drawn.set(node, { json, type: component.type });
  return node;
}

/** Change the node that is there, where that is possible. */
function updated(node, component, message, app) {
  if (component.type === 12) return updateGallery(node, component.items.map(pictureOf)) && node;
  if (component.type === 17 && !component.spoiler && !node.classList.contains("hidden")) {
    tint(node, component);
    drawComponents(node, component.components, message, app);
    return node;
  }
  if (component.type === 1) {
    drawComponents(node, component.components, message, app);
    return node;
  }
  if (component.type === 2 && component.style !== 5 && node.tagName === "BUTTON") {
    dress(node, component);
    return node;
  }
  return null;
}

function made(component, message, app) {
  switch (component.type) {
    case 1:
      return group(h("div", { class: "row" }), component, message, app);
    case 2:
      return component.style === 5 ? linkButton(component) : button(component, message, app);
    case 3:
    case 5:
    case 6:
    case 7:
    case 8:
      return selectNode(component, app, (values) => app.actions.select(message, component.custom_id, values));
    case 9:
      return section(component, message, app);
    case 10:
      return h("div", { class: "text-display" }, blocks(component.content, app));
    case 11:
      return gallery([{ ...pictureOf(component) }]);
    case 12:
      return gallery(component.items.map(pictureOf));
    case 13:
      return file(component, message);
    case 14:
      return h("hr", {
        class: `separator${component.divider === false ? " blank" : ""}${component.spacing === 2 ? " wide" : ""}`,
      });
    case 17:
      return container(component, message, app);
    default:
      return h("p", { class: "muted" }, `A component of type ${component.type}, which this page can't show.`);
  }
}

function group(node, component, message, app) {
  drawComponents(node, component.components, message, app);
  return node;
}

function pictureOf(item) {
  return {
    url: item.media.url,
    alt: item.description ?? "",
    spoiler: item.spoiler,
    width: item.media.width,
    height: item.media.height,
    name: decodeURIComponent(new URL(item.media.url, location.origin).pathname.split("/").at(-1)),
  };
}

function container(component, message, app) {
  const node = group(h("div", { class: "container" }), component, message, app);
  tint(node, component);
  if (component.spoiler) hide(node);
  return node;
}

function tint(node, component) {
  const has = component.accent_color !== null && component.accent_color !== undefined;
  node.classList.toggle("accented", has);
  if (has) node.style.setProperty("--accent", hexColour(component.accent_color));
}

function hide(node) {
  node.classList.add("hidden");
  const show = h(
    "button",
    {
      type: "button",
      class: "button secondary reveal",
      onclick: () => {
        node.classList.remove("hidden");
        show.remove();
      },
    },
    "Spoiler: show",
  );
  node.append(show);
}

function section(component, message, app) {
  return h(
    "div",
    { class: "section" },
    h(
      "div",
      { class: "section-text" },
      component.components.map((one) => made(one, message, app)),
    ),
    component.accessory && h("div", { class: "accessory" }, made(component.accessory, message, app)),
  );
}

function file(component, message) {
  const url = component.file.url;
  const attachment = message.attachments.find((one) => one.url === url || one.id === component.file.attachment_id);
  const name = component.name ?? attachment?.filename ?? pictureOf({ media: component.file }).name;
  return fileNode({
    url,
    filename: name,
    size: component.size ?? attachment?.size,
    content_type: component.file.content_type ?? attachment?.content_type,
  });
}

function linkButton(component) {
  return h(
    "a",
    { class: "button link", href: component.url, target: "_blank", rel: "noopener noreferrer" },
    emojiText(component.emoji) + (component.label ?? ""),
    icon("link"),
  );
}

function button(component, message, app) {
  const node = h("button", { type: "button" });
  node.addEventListener("click", () => app.actions.press(message, node.dataset.customId));
  dress(node, component);
  return node;
}

function dress(node, component) {
  node.className = `button ${STYLES[component.style] ?? "secondary"}`;
  node.dataset.customId = component.custom_id;
  node.disabled = component.disabled ?? false;
  const text = `${emojiText(component.emoji)}${component.label ?? ""}`.trim();
  node.textContent = text || "•";
  if (!component.label) node.setAttribute("aria-label", component.emoji?.name ?? "Button");
  else node.removeAttribute("aria-label");
}
