// A picture, as large as the window allows, with its neighbours a key away.

import { address, h, icon, iconButton } from "./dom.js";

/**
 * Show `pictures` ({url, alt, name}), beginning at `index`.
 */
export function openLightbox(pictures, index) {
  let at = index;
  const image = h("img", { class: "enlarged" });
  const caption = h("figcaption", {});
  const link = h(
    "a",
    {
      class: "icon-button",
      target: "_blank",
      rel: "noopener",
      "aria-label": "Open the original",
      title: "Open the original",
    },
    icon("link"),
  );
  const save = h(
    "a",
    { class: "icon-button", download: "", "aria-label": "Download", title: "Download" },
    icon("download"),
  );
  const count = h("span", { class: "muted" });
  const show = (to) => {
    at = (to + pictures.length) % pictures.length;
    const picture = pictures[at];
    image.src = address(picture.url);
    image.alt = picture.alt || "Picture";
    caption.textContent = picture.alt || "";
    link.href = address(picture.url);
    save.href = address(picture.url);
    save.download = picture.name ?? "";
    count.textContent = pictures.length > 1 ? `${at + 1} of ${pictures.length}` : "";
  };
  const many = pictures.length > 1;
  const dialog = h(
    "dialog",
    { class: "lightbox", "aria-label": "Picture" },
    h(
      "div",
      { class: "lightbox-bar" },
      count,
      link,
      save,
      iconButton("close", "Close", () => dialog.close()),
    ),
    many && iconButton("left", "Previous picture", () => show(at - 1), { class: "icon-button turn previous" }),
    h("figure", {}, image, caption),
    many && iconButton("right", "Next picture", () => show(at + 1), { class: "icon-button turn next" }),
  );
  dialog.addEventListener("keydown", (event) => {
    if (many && event.key === "ArrowLeft") show(at - 1);
    if (many && event.key === "ArrowRight") show(at + 1);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.tagName === "FIGURE") dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  show(index);
  dialog.showModal();
}
