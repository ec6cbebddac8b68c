// The messages of the open channel, in order, and where the window stands in them.

import { h, icon, reconcile } from "../widgets/dom.js";
import { lineToTry, welcome } from "../commands/hints.js";
import { EPHEMERAL } from "./flags.js";
import { MessageView } from "./message.js";
import { nameOf } from "../widgets/people.js";
import { summary } from "./preview.js";

const TOGETHER_MS = 7 * 60 * 1000; // one author's messages within this stand under one header
const NEAR_PX = 60;
const PAGE = 50;

export class Timeline {
  constructor(app) {
    this.app = app;
    this.list = document.getElementById("timeline");
    this.scroller = document.getElementById("scroller");
    this.beginning = document.getElementById("beginning");
    this.waiting = document.getElementById("waiting");
    this.toBottom = document.getElementById("to-bottom");
    this.announcer = document.getElementById("announcer");
    this.views = new Map(); // message id → {view, message, compact}
    this.days = new Map();
    this.stuck = true; // at the bottom, and to stay there
    this.toBottom.append(h("span", {}, "New messages"), icon("down"));
    this.toBottom.addEventListener("click", () => this.stick());
    this.scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    // Pictures that load and cards that grow must not push the newest message out of sight.
    const watch = new ResizeObserver(() => {
      if (this.stuck) this.jump();
    });
    watch.observe(this.list);
    watch.observe(this.scroller);
    watch.observe(this.waiting);
  }

  /** Another channel or member: begin anew, at the bottom. */
  reset() {
    this.views.clear();
    this.days.clear();
    this.list.replaceChildren();
    this.stuck = true;
    this.toBottom.hidden = true;
  }

  paint() {
    const { store } = this.app;
    const messages = store.messages.get(store.current) ?? [];
    const nodes = [];
    const present = new Set();
    let before = null;
    for (const message of messages) {
      const day = new Date(message.timestamp).toDateString();
      if (!before || new Date(before.timestamp).toDateString() !== day) nodes.push(this.dayNode(day));
      nodes.push(this.viewOf(message, isCompact(message, before)).node);
      present.add(message.id);
      before = message;
    }
    for (const id of [...this.views.keys()]) if (!present.has(id)) this.views.delete(id);
    reconcile(this.list, nodes);
    this.paintBeginning(messages);
    this.paintWaiting();
    if (this.stuck) this.jump();
  }

  viewOf(message, compact) {
    const known = this.views.get(message.id);
    if (known && known.message === message && known.compact === compact) return known.view;
    const view = known?.view ?? new MessageView(this.app);
    view.update(message, compact);
    this.views.set(message.id, { view, message, compact });
    return view;
  }

  dayNode(day) {
    if (!this.days.has(day)) {
      const text = new Date(day).toLocaleDateString([], { dateStyle: "long" });
      this.days.set(day, h("li", { class: "day", role: "separator", "aria-label": text }, h("span", {}, text)));
    }
    return this.days.get(day);
  }

  paintBeginning(messages) {
    const { store } = this.app;
    const place = store.place(store.current);
    const complete = store.complete.has(store.current);
    const line = lineToTry(store.commandsIn(place));
    const key = [store.current, store.me.id, complete, messages.length === 0, line, store.bot.online].join();
    if (key === this.beginningKey) return;
    this.beginningKey = key;
    const started = h("p", { class: "muted start" }, `This is the beginning of ${this.app.channelName(place, true)}.`);
    this.beginning.replaceChildren(
      ...(messages.length === 0
        ? [welcome(this.app, place, line)]
        : complete
          ? [started]
          : [h("p", { class: "muted start" }, "Scroll up for older messages")]),
    );
  }

  /** Commands that were sent and have no message yet, and those that failed. */
  paintWaiting() {
    const { store } = this.app;
    const here = (one) => one.channel_id === store.current && (one.kind === "slash" || one.kind === "context");
    const messages = store.messages.get(store.current) ?? [];
    const answered = new Set(messages.slice(-20).map((message) => message.interaction_metadata?.id));
    const pending = [...store.interactions.values()].filter((one) => here(one) && !answered.has(one.id));
    const failed = [...store.failed.values()].filter(here);
    const name = (one) => (one.kind === "slash" ? `/${one.name}` : one.name);
    this.waiting.replaceChildren(
      ...pending.map((one) => h("p", { class: "pending" }, `Sending ${name(one)} …`)),
      ...failed.map((one) =>
        h(
          "div",
          { class: "failed", role: "alert" },
          h("strong", {}, name(one)),
          " ",
          h("span", { class: "error" }, one.error ?? "The application did not respond"),
          h(
            "p",
            { class: "only-you" },
            icon("eye"),
            "Only you can see this · ",
            h("button", { type: "button", class: "text-link", onclick: () => this.app.forget(one.id) }, "Dismiss"),
          ),
        ),
      ),
    );
    for (const { view } of this.views.values()) view.mark();
  }

  /** Read a new message to those who listen; say that there is one to those who have scrolled up. */
  created(message) {
    if (message.channel_id !== this.app.store.current) return;
    if (message.author.id === this.app.store.me.id) this.stick();
    else if (!this.stuck) this.toBottom.hidden = false;
    this.announcer.textContent = `${nameOf(this.app.store, message.author)}: ${summary(message, this.app).slice(0, 200)}`;
  }

  stick() {
    this.stuck = true;
    this.jump();
  }

  jump() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  async scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.stuck = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    if (this.stuck) this.toBottom.hidden = true;
    const { store } = this.app;
    const channel = store.current;
    const first = store.messages.get(channel)?.[0];
    if (scrollTop > 400 || this.loading || !first || store.complete.has(channel)) return;
    this.loading = true;
    try {
      const list = await this.app.api.older(channel, first.id, PAGE);
      const from_bottom = this.scroller.scrollHeight - this.scroller.scrollTop;
      store.prepend(channel, list, PAGE);
      if (store.current === channel && !this.stuck) this.scroller.scrollTop = this.scroller.scrollHeight - from_bottom;
    } catch {
      // offline: the next scroll tries again
    } finally {
      this.loading = false;
    }
  }

  /** Bring a message into view and let it shine for a moment. */
  show(messageId) {
    const node = this.views.get(messageId)?.view.node;
    if (!node) return;
    node.scrollIntoView({ block: "center" });
    node.focus({ preventScroll: true });
    node.classList.add("found");
    setTimeout(() => node.classList.remove("found"), 1500);
  }
}

function isCompact(message, before) {
  return (
    Boolean(before) &&
    before.author.id === message.author.id &&
    !message.interaction_metadata &&
    !message.message_reference &&
    (before.flags & EPHEMERAL) === (message.flags & EPHEMERAL) &&
    Date.parse(message.timestamp) - Date.parse(before.timestamp) < TOGETHER_MS
  );
}
