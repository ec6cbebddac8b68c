// An embed: the older way of a bot to frame a message.

import { h } from "../widgets/dom.js";
import { gallery } from "./attachments.js";
import { blocks, inline } from "./markdown.js";
import { hexColour } from "../widgets/people.js";

export function embedNode(embed, app) {
  const picture = (image, alt) =>
    image?.url && gallery([{ url: image.url, alt, width: image.width, height: image.height }]);
  const title =
    embed.title &&
    h(
      "strong",
      { class: "embed-title" },
      embed.url
        ? h("a", { href: embed.url, target: "_blank", rel: "noopener noreferrer" }, embed.title)
        : inline(embed.title, app),
    );
  const fields = (embed.fields ?? []).map((field) =>
    h(
      "div",
      { class: field.inline ? "embed-field inline" : "embed-field" },
      h("strong", {}, inline(field.name, app)),
      h("div", {}, blocks(field.value, app)),
    ),
  );
  const foot = [embed.footer?.text, embed.timestamp && new Date(embed.timestamp).toLocaleString()]
    .filter(Boolean)
    .join(" · ");
  return h(
    "div",
    { class: "embed", style: embed.color ? { "--accent": hexColour(embed.color) } : {} },
    embed.author && h("small", { class: "embed-author" }, embed.author.name),
    title,
    embed.description && h("div", {}, blocks(embed.description, app)),
    fields.length > 0 && h("div", { class: "embed-fields" }, fields),
    picture(embed.image, embed.title ?? "Picture"),
    picture(embed.thumbnail, embed.title ?? "Picture"),
    foot && h("small", { class: "muted" }, foot),
  );
}
