// A voice message: play and pause, its waveform as bars, where one is and how long it is.

import { address, h, icon } from "../widgets/dom.js";

const BARS = 42;
let playing = null; // one sound at a time

/** 75.4 → "1:15" */
export function clockText(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  const tail = `${minutes}:${String(whole % 60).padStart(2, "0")}`;
  return hours ? `${hours}:${tail.padStart(5, "0")}` : tail;
}

/** Heights from 0 to 1 of a base64 waveform (one byte a bar), made `count` many. */
export function heights(waveform, count = BARS) {
  let bytes = [];
  try {
    bytes = [...atob(waveform ?? "")].map((letter) => letter.charCodeAt(0));
  } catch {
    // not base64: a flat line is drawn
  }
  if (bytes.length === 0) return Array(count).fill(0.15);
  return Array.from({ length: count }, (_, i) => {
    const from = Math.floor((i * bytes.length) / count);
    const to = Math.max(from + 1, Math.floor(((i + 1) * bytes.length) / count));
    return Math.max(...bytes.slice(from, to)) / 255;
  });
}

/** @param {{url: string, duration_secs: number, waveform: string}} attachment */
export function voicePlayer(attachment) {
  // The length comes from the message: what a browser records carries none in the file.
  const length_s = attachment.duration_secs || 0;
  const audio = new Audio();
  audio.preload = "none";
  audio.src = address(attachment.url);
  const bars = heights(attachment.waveform).map((height) => h("i", { style: { "--height": height.toFixed(2) } }));
  const clock = h("span", { class: "clock" }, clockText(length_s));
  const button = h("button", { type: "button", class: "play", "aria-label": "Play voice message" }, icon("play"));
  const slider = h("input", {
    type: "range",
    min: "0",
    max: String(length_s || 1),
    step: "0.1",
    value: "0",
    "aria-label": "Position in the voice message",
  });
  const node = h(
    "div",
    { class: "voice", role: "group", "aria-label": `Voice message, ${clockText(length_s)}` },
    button,
    h("div", { class: "wave" }, h("div", { class: "bars", "aria-hidden": "true" }, bars), slider),
    clock,
  );
  const paint = () => {
    const at = length_s ? audio.currentTime / length_s : 0;
    bars.forEach((bar, i) => bar.classList.toggle("past", i / bars.length < at));
    slider.value = String(audio.currentTime);
    slider.setAttribute("aria-valuetext", `${clockText(audio.currentTime)} of ${clockText(length_s)}`);
    clock.textContent = clockText(audio.paused && audio.currentTime === 0 ? length_s : audio.currentTime);
  };
  const face = (name, label) => {
    button.replaceChildren(icon(name));
    button.setAttribute("aria-label", label);
  };
  button.addEventListener("click", () => {
    if (!audio.paused) return audio.pause();
    if (playing && playing !== audio) playing.pause();
    playing = audio;
    return audio.play().catch(() => {
      clock.textContent = "cannot be played";
    });
  });
  audio.addEventListener("play", () => face("pause", "Pause voice message"));
  audio.addEventListener("pause", () => face("play", "Play voice message"));
  audio.addEventListener("ended", () => {
    audio.currentTime = 0;
    paint();
  });
  audio.addEventListener("timeupdate", paint);
  slider.addEventListener("input", () => {
    audio.currentTime = Number(slider.value);
    paint();
  });
  return node;
}
