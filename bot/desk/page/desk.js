// The operator's page: asks for the figures every few seconds and writes them down. Text only, never markup.
"use strict";

const EVERY_MS = 3000;
const at = (id) => document.getElementById(id);

function element(name, text) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  return made;
}

function duration(seconds) {
  if (seconds < 90) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

function size(bytes) {
  return bytes < 1e8 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

function moment(text) {
  const then = new Date(text);
  const today = then.toDateString() === new Date().toDateString();
  return today ? then.toLocaleTimeString() : then.toLocaleString();
}

// A row is its cells, one for each head, and perhaps one more: a note below them, as long as it likes.
function table(id, heads, rows) {
  if (!rows.length) {
    const none = element("p", "None.");
    none.className = "none";
    return at(id).replaceChildren(none);
  }
  const made = element("table");
  const head = made.createTHead().insertRow();
  for (const name of heads) head.append(element("th", name));
  const body = made.createTBody();
  for (const cells of rows) {
    const row = body.insertRow();
    for (const cell of cells.slice(0, heads.length)) row.append(element("td", cell));
    if (cells.length > heads.length) {
      const note = element("td", cells.at(-1));
      note.colSpan = heads.length;
      const below = body.insertRow();
      below.className = "note";
      below.append(note);
    }
  }
  at(id).replaceChildren(made);
}

function glance(figures) {
  const ended = figures.ended;
  const facts = [
    ["Jobs in the queue", figures.queue.reduce((sum, one) => sum + one.jobs, 0)],
    ["Running", figures.running_jobs],
    ["Workers", figures.workers.length],
    ["Credits spent today (UTC)", figures.spent_today],
    ["Done, last hour", ended.done ?? 0],
    ["Failed, last hour", ended.failed ?? 0],
    ...(ended.no_speech ? [["Clips without speech, last hour", ended.no_speech]] : []),
  ];
  at("glance").replaceChildren(...facts.flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
}

function catalogue(state) {
  at("catalogue-section").hidden = !state;
  if (!state) return;
  const read = `${state.models} models of ${state.file}, read ${moment(state.at)}.`;
  at("catalogue").textContent = state.problem ? `${read} ${state.problem}` : read;
  at("catalogue").className = state.problem ? "bad" : "";
}

function show(figures) {
  glance(figures);
  table("queue", ["kind", "jobs", "credits"], figures.queue.filter((one) => one.jobs).map((one) => [one.kind, one.jobs, one.credits]));
  table("running", ["kind", "progress", "for"],
    figures.running.map((one) => [one.kind, `${one.done} / ${one.total}`, duration(one.since_s), `${one.model} · ${one.job}`]));
  table("workers", ["device", "memory used", "free slots"], figures.workers.map((one) =>
    [one.worker, size(one.memory), Object.entries(one.free).map(([kind, free]) => `${free} ${kind}`).join(", "), one.models.join(", ")]));
  catalogue(figures.catalogue);
  table("waits", ["kind", "jobs", "median", "95% within"],
    figures.waits.map((one) => [one.kind, one.count, duration(one.p50_s), duration(one.p95_s)]));
  table("forecasts", ["kind", "jobs", "median", "95% within", "mean"], figures.forecasts.map((one) =>
    [one.kind, one.count, duration(one.p50_s), duration(one.p95_s), `${duration(Math.abs(one.late_s))} ${one.late_s < 0 ? "early" : "late"}`]));
  table("failed", ["when", "why", "kind"],
    figures.failed.map((one) => [moment(one.at), one.error, one.kind, `${one.model} · ${one.job}`]));
}

function say(text, bad) {
  at("state").textContent = text;
  at("state").className = bad ? "bad" : "";
}

async function look() {
  try {
    const answer = await fetch("/figures");
    if (answer.status === 401) return say("The token is no longer valid. Open the address that the bot printed.", true);
    if (!answer.ok) throw new Error(answer.status);
    const figures = await answer.json();
    show(figures);
    say(`as of ${new Date(figures.at).toLocaleTimeString()}`, false);
  } catch {
    say("The bot is not answering. Trying again …", true);
  }
  setTimeout(look, EVERY_MS);
}

look();
