// A select: a button that opens a list of options, one or several of which can be chosen.

import { h, icon } from "./dom.js";
import { arrowKeys, closePopover, isOpenFor, popover } from "./popover.js";
import { nameOf } from "./people.js";

/** The options of a select component, whatever its type, as {value, label, description, chosen}. */
export function optionsOf(component, app) {
  const { store } = app;
  const { channel, guild } = store.place(store.current) ?? {};
  const chosen = new Set((component.default_values ?? []).map((one) => one.id));
  const users = () =>
    (guild ? guild.members.map((one) => one.user) : [store.me, ...(channel?.recipients ?? [])]).map((user) => ({
      value: user.id,
      label: nameOf(store, user, guild),
      description: `@${user.username}`,
      chosen: chosen.has(user.id),
    }));
  const roles = () =>
    (guild?.roles ?? [])
      .filter((role) => role.id !== guild.id)
      .map((role) => ({ value: role.id, label: `@${role.name}`, description: "Role", chosen: chosen.has(role.id) }));
  switch (component.type) {
    case 3:
      return component.options.map((one) => ({
        ...one,
        label: emojiText(one.emoji) + one.label,
        chosen: Boolean(one.default),
      }));
    case 5:
      return users();
    case 6:
      return roles();
    case 7:
      return [...users(), ...roles()];
    default:
      return (guild?.channels ?? []).map((one) => ({
        value: one.id,
        label: `#${one.name}`,
        description: one.topic,
        chosen: chosen.has(one.id),
      }));
  }
}

export function emojiText(emoji) {
  if (!emoji) return "";
  return emoji.id ? `:${emoji.name}: ` : `${emoji.name} `;
}

/**
 * @param {(values: string[]) => void} onchange told once the list is closed with a changed choice
 * @returns the node; `node.values` is what is chosen
 */
export function selectNode(component, app, onchange, label = component.placeholder ?? "Select") {
  const options = optionsOf(component, app);
  const most = component.max_values ?? 1;
  const face = h("span", { class: "select-face" });
  const node = h(
    "button",
    {
      type: "button",
      class: "select",
      "aria-haspopup": "listbox",
      "aria-label": label,
      disabled: component.disabled ?? false,
    },
    face,
    icon("down"),
  );
  if (component.custom_id) node.dataset.customId = component.custom_id;
  node.values = options.filter((one) => one.chosen).map((one) => one.value);
  const paint = () => {
    const labels = options.filter((one) => node.values.includes(one.value)).map((one) => one.label);
    face.textContent = labels.join(", ") || component.placeholder || "Choose…";
    face.classList.toggle("placeholder", labels.length === 0);
  };
  paint();
  node.addEventListener("click", () => {
    if (isOpenFor(node)) return closePopover();
    const before = node.values.join();
    openList(node, options, most, label, () => {
      paint();
      if (node.values.join() !== before && node.values.length >= (component.min_values ?? 1)) onchange(node.values);
    });
    return undefined;
  });
  return node;
}

function openList(node, options, most, label, onclose) {
  const chosen = new Set(node.values);
  const items = options.map((option) => {
    const item = h(
      "button",
      { type: "button", class: "option", role: "option", "aria-selected": String(chosen.has(option.value)) },
      h(
        "span",
        { class: "option-text" },
        h("span", {}, option.label),
        option.description && h("small", {}, option.description),
      ),
      icon("check"),
    );
    item.addEventListener("click", () => choose(option.value, item));
    return item;
  });
  const choose = (value, item) => {
    if (most === 1) {
      node.values = [value];
      closePopover();
      return;
    }
    if (chosen.has(value)) chosen.delete(value);
    else if (chosen.size < most) chosen.add(value);
    item.setAttribute("aria-selected", String(chosen.has(value)));
    node.values = options.map((one) => one.value).filter((one) => chosen.has(one));
  };
  const list = h(
    "div",
    { class: "options", role: "listbox", "aria-label": label, "aria-multiselectable": most > 1 ? "true" : null },
    items,
  );
  arrowKeys(list, ".option");
  const done =
    most > 1 && h("button", { type: "button", class: "button primary", onclick: () => closePopover() }, "Done");
  const first = items.find((item) => item.getAttribute("aria-selected") === "true") ?? items[0];
  const content = options.length ? [list, done] : h("p", { class: "muted" }, "Nothing to choose from.");
  popover(node, content, {
    label,
    focus: first,
    onclose: () => {
      node.setAttribute("aria-expanded", "false");
      onclose();
    },
  });
  node.setAttribute("aria-expanded", "true");
}
