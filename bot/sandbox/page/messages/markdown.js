// Discord's markdown, as far as bots use it, turned into nodes. The text is never parsed as HTML.

import { h } from "../widgets/dom.js";
import { mention } from "./mentions.js";

const DEPTH = 8; // nested marks; deeper ones stay as they were typed

/** Blocks (headings, quotes, lists, code) of `text` as nodes; `app` resolves mentions. */
export function blocks(text, app) {
  const nodes = [];
  const fence = /```(?:([\w+-]*)\n)?([\s\S]+?)```/g;
  let from = 0;
  for (const match of text.matchAll(fence)) {
    nodes.push(...lines(text.slice(from, match.index), app));
    nodes.push(h("pre", { class: "code-block", tabindex: "0" }, h("code", {}, match[2].replace(/\n$/, ""))));
    from = match.index + match[0].length;
  }
  nodes.push(...lines(text.slice(from), app));
  return nodes;
}

function lines(text, app) {
  const nodes = [];
  let plain = [];
  let list = null;
  const flush = () => {
    if (plain.length && plain.join("").trim()) nodes.push(h("div", { class: "text" }, inline(plain.join("\n"), app)));
    plain = [];
    list = null;
  };
  const all = text.replace(/^\n|\n$/g, "").split("\n");
  for (let i = 0; i < all.length; i += 1) {
    const line = all[i];
    const heading = /^(#{1,3}) +(\S.*)$/.exec(line);
    const item = /^( *)(?:[-*]|(\d{1,4})\.) +(\S.*)$/.exec(line);
    if (heading) {
      flush();
      nodes.push(
        h(
          "div",
          { class: `heading h${heading[1].length}`, role: "heading", "aria-level": heading[1].length + 2 },
          inline(heading[2], app),
        ),
      );
    } else if (line.startsWith("-# ")) {
      flush();
      nodes.push(h("div", { class: "subtext" }, inline(line.slice(3), app)));
    } else if (line.startsWith(">>> ")) {
      flush();
      nodes.push(h("blockquote", {}, lines([line.slice(4), ...all.slice(i + 1)].join("\n"), app)));
      return nodes;
    } else if (line.startsWith("> ") || line === ">") {
      flush();
      const quoted = [line.slice(2)];
      while (all[i + 1]?.startsWith("> ") || all[i + 1] === ">") quoted.push(all[(i += 1)].slice(2));
      nodes.push(h("blockquote", {}, lines(quoted.join("\n"), app)));
    } else if (item) {
      const tag = item[2] ? "ol" : "ul";
      if (list?.tagName.toLowerCase() !== tag) {
        flush();
        list = h(tag, { start: item[2] });
        nodes.push(list);
      }
      list.append(h("li", { class: item[1].length >= 2 ? "nested" : null }, inline(item[3], app)));
    } else {
      if (list) flush();
      plain.push(line);
    }
  }
  flush();
  return nodes;
}

const MENTION =
  /<(?:@!?|@&|#)\d{1,20}>|<\/[^:>\n]{1,100}:\d{1,20}>|<t:-?\d{1,13}(?::[tTdDfFRsS])?>|<a?:\w{1,32}:\d{1,20}>|@everyone|@here/y;

// Tried in this order at each place of the text. Each gives nodes for its match.
const RULES = [
  [/\\([^\p{L}\p{N}\s])/uy, (m) => [m[1]]],
  [/(`{1,2})([^`](?:[\s\S]*?[^`])??)\1(?!`)/y, (m) => [h("code", { class: "code" }, m[2])]],
  [MENTION, (m, app) => [mention(m[0], app)]],
  [/\[([^\]\n]{1,300})\]\(<?(https?:\/\/[^\s)>]+)>?\)/y, (m, app, depth) => [link(m[2], inline(m[1], app, depth + 1))]],
  [/<(https?:\/\/[^>\s]+)>/y, (m) => [link(m[1], m[1])]],
  [/https?:\/\/[^\s<>]*[^\s<>.,:;!?'")\]]/y, (m) => [link(m[0], m[0])]],
  [/\|\|([\s\S]+?)\|\|/y, (m, app, depth) => [spoiler(inline(m[1], app, depth + 1))]],
  [/\*\*([\s\S]+?)\*\*(?!\*)/y, (m, app, depth) => [h("strong", {}, inline(m[1], app, depth + 1))]],
  [/__([\s\S]+?)__(?!_)/y, (m, app, depth) => [h("u", {}, inline(m[1], app, depth + 1))]],
  [/~~([\s\S]+?)~~/y, (m, app, depth) => [h("s", {}, inline(m[1], app, depth + 1))]],
  [/\*(?=\S)([\s\S]*?[^\s*])\*(?!\*)/y, (m, app, depth) => [h("em", {}, inline(m[1], app, depth + 1))]],
  [/_(?=\S)([\s\S]*?[^\s_])_(?![\p{L}\p{N}_])/uy, (m, app, depth) => [h("em", {}, inline(m[1], app, depth + 1))]],
];
const MARK = /[\\`<@[h|*_~]/; // the first letters of everything above: other letters need no look

/** Nodes and strings for one run of text. */
export function inline(text, app, depth = 0) {
  if (depth > DEPTH) return [text];
  const nodes = [];
  let plain = "";
  let at = 0;
  while (at < text.length) {
    const found = MARK.test(text[at]) && firstRule(text, at);
    if (!found) {
      plain += text[at];
      at += 1;
      continue;
    }
    if (plain) nodes.push(plain);
    plain = "";
    nodes.push(...found.make(found.match, app, depth));
    at += found.match[0].length;
  }
  if (plain) nodes.push(plain);
  return nodes;
}

function firstRule(text, at) {
  for (const [pattern, make] of RULES) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    // snake_case is not emphasis
    if (match && !(match[0].startsWith("_") && /[\p{L}\p{N}]/u.test(text[at - 1] ?? ""))) return { match, make };
  }
  return null;
}

function link(url, content) {
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, content);
}

function spoiler(content) {
  const node = h(
    "span",
    {
      class: "spoiler",
      role: "button",
      tabindex: "0",
      "aria-expanded": "false",
      "aria-label": "Spoiler, press to show",
    },
    h("span", { class: "spoiler-text", "aria-hidden": "true" }, content),
  );
  const show = (event) => {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    if (node.classList.contains("shown")) return;
    event.preventDefault();
    node.classList.add("shown");
    for (const name of ["role", "tabindex", "aria-label", "aria-expanded"]) node.removeAttribute(name);
    node.firstChild.removeAttribute("aria-hidden");
  };
  node.addEventListener("click", show);
  node.addEventListener("keydown", show);
  return node;
}

/** The text alone, for announcements, replies and previews. */
export function plainText(text, app) {
  return text
    .replace(/\|\|[\s\S]+?\|\|/g, "▪▪▪")
    .replace(new RegExp(MENTION.source, "g"), (raw) => mention(raw, app).textContent)
    .replace(/[*_~`]{1,3}|^#{1,3} |^-# |^> /gm, "")
    .trim();
}
