// The fields of a modal: text, files, lists to choose from, boxes to tick. Each knows its value and what is wrong with it.

import { h, icon } from "../widgets/dom.js";
import { selectNode } from "../widgets/select.js";
import { dropZone, UploadTray } from "../composer/uploads.js";

let count = 0; // for ids: a label needs to name its field

/**
 * A field for one interactive component.
 * @returns {{node: Element, id: string, customId: string, value: () => any, problem: () => string|null}}
 */
export function fieldOf(component, app, label) {
  const id = `field-${(count += 1)}`;
  const make =
    { 4: textField, 19: uploadField, 21: radioField, 22: checksField, 23: checkField }[component.type] ??
    ([3, 5, 6, 7, 8].includes(component.type) ? selectField : unknownField);
  return { id, customId: component.custom_id, problem: () => null, ...make(component, app, id, label) };
}

function textField(component, app, id) {
  const long = component.style === 2;
  const input = h(long ? "textarea" : "input", {
    id,
    placeholder: component.placeholder,
    maxlength: component.max_length,
    rows: long ? "4" : null,
    class: "text-input",
    "aria-required": String(component.required ?? true),
    "aria-describedby": `${id}-problem`,
  });
  input.value = component.value ?? "";
  const counter = h("small", { class: "muted counter", "aria-hidden": "true" });
  const paint = () => {
    counter.textContent = component.max_length ? `${input.value.length} / ${component.max_length}` : "";
  };
  input.addEventListener("input", paint);
  paint();
  return {
    node: h("div", { class: "text-field" }, input, counter),
    value: () => input.value,
    problem: () => {
      if (!input.value.trim()) return (component.required ?? true) ? "This field is required." : null;
      return component.min_length && input.value.length < component.min_length
        ? `At least ${component.min_length} characters, please.`
        : null;
    },
  };
}

function uploadField(component, app, id, label) {
  const least = component.min_values ?? 1;
  const most = component.max_values ?? 1;
  const complaint = h("p", { class: "error", role: "alert", hidden: true });
  const complain = (sentence) => {
    complaint.textContent = sentence;
    complaint.hidden = !sentence;
  };
  const guild = app.guild();
  const tray = new UploadTray({
    most,
    bytes: guild?.upload_limit_bytes ?? app.store.limits.upload_bytes,
    onchange: () => {},
    oncomplaint: complain,
  });
  const take = (files) => {
    complain("");
    tray.add(files);
  };
  const picker = h("input", {
    type: "file",
    multiple: most > 1,
    class: "unseen",
    tabindex: "-1",
    "aria-label": `Files for ${label}`,
    data: { field: component.custom_id },
  });
  picker.addEventListener("change", () => {
    take([...picker.files]);
    picker.value = "";
  });
  const how = most === 1 ? "one file" : least === most ? `${most} files` : `${least} to ${most} files`;
  const button = h(
    "button",
    { type: "button", id, class: "drop-area", "aria-describedby": `${id}-problem`, onclick: () => picker.click() },
    icon("plus"),
    h("span", {}, `Choose or drop ${how}`),
  );
  const node = h("div", { class: "upload" }, button, picker, complaint, tray.node);
  dropZone(node, take);
  node.addEventListener("paste", (event) => take([...event.clipboardData.files]));
  return {
    node,
    value: () => tray.files,
    problem: () => {
      if (tray.files.length === 0 && component.required === false) return null;
      return tray.files.length < least ? `At least ${least} ${least === 1 ? "file is" : "files are"} needed.` : null;
    },
  };
}

function selectField(component, app, id, label) {
  const node = selectNode(component, app, () => {}, label);
  node.id = id;
  return {
    node,
    value: () => node.values,
    problem: () => {
      const least =
        component.required === false && node.values.length === 0 ? 0 : Math.max(component.min_values ?? 1, 1);
      return node.values.length < least ? `Please choose ${least === 1 ? "one" : `at least ${least}`}.` : null;
    },
  };
}

function choices(component, id, type) {
  return component.options.map((option, i) =>
    h(
      "label",
      { class: "choice" },
      h("input", { type, name: id, value: option.value, checked: option.default ?? false, id: i === 0 ? id : null }),
      h("span", {}, option.label, option.description && h("small", {}, option.description)),
    ),
  );
}

function radioField(component, app, id, label) {
  const node = h("div", { role: "radiogroup", "aria-label": label }, choices(component, id, "radio"));
  const chosen = () => node.querySelector("input:checked")?.value;
  return {
    node,
    value: chosen,
    problem: () => (component.required !== false && chosen() === undefined ? "Please choose one." : null),
  };
}

function checksField(component, app, id, label) {
  const node = h("div", { role: "group", "aria-label": label }, choices(component, id, "checkbox"));
  const chosen = () => [...node.querySelectorAll("input:checked")].map((one) => one.value);
  return {
    node,
    value: chosen,
    problem: () => {
      const least = component.required === false ? 0 : (component.min_values ?? 1);
      if (chosen().length < least) return `Please tick at least ${least}.`;
      return component.max_values && chosen().length > component.max_values
        ? `Please tick at most ${component.max_values}.`
        : null;
    },
  };
}

function checkField(component, app, id, label) {
  const box = h("input", { type: "checkbox", id, checked: component.default ?? component.value ?? false });
  return { node: h("label", { class: "choice" }, box, h("span", {}, label)), value: () => box.checked };
}

function unknownField(component) {
  return {
    node: h("p", { class: "muted" }, `A field of type ${component.type}, which this page can't show.`),
    value: () => undefined,
  };
}
