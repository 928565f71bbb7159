// The time slider under the map: play, drag, or step with the arrow keys.

import { byId, fill, h, icon, say } from "./dom";
import { clock, day, whenFull } from "./moments";
import { go } from "./state";

const WHOLE_MS = 20_000; // the whole course takes so long to play
const CALM_MS = 500;
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

let start = 0;
let end = 0;
let time = 0;
let playing = 0;
let moved: (time: number) => string = () => "";
let slider: HTMLInputElement;
let button: HTMLButtonElement;
let label: HTMLElement;
let detail: HTMLElement;

export function open(course: { start: number; end: number }, at: number | null, onMove: typeof moved): void {
  close();
  ({ start, end } = course);
  moved = onMove;
  button = h("button", { class: "play", id: "play", attrs: { type: "button" }, on: { click: toggle } });
  slider = h("input", { id: "slider", attrs: { type: "range", min: 0, max: 1000, step: 1, "aria-label": "Time" }, on: {
    input: () => { stop(); to(start + (Number(slider.value) / 1000) * (end - start)); },
    change: keep,
    keydown: (event) => { if (event.key === " ") { event.preventDefault(); toggle(); } },
  } });
  label = h("output", { class: "time", id: "time" });
  detail = h("p", { class: "time-detail", id: "time-detail" });
  const ticks = h("div", { class: "ticks", attrs: { "aria-hidden": true } }, ...Array.from({ length: 5 }, (_, i) => tick(i / 4)));
  fill(byId("timeline"), button, h("div", { class: "slide" }, h("div", { class: "time-row" }, label, detail), slider, ticks));
  byId("timeline").hidden = false;
  document.body.classList.add("has-timeline");
  face();
  to(at !== null && at >= start && at <= end ? at : start);
}

function tick(share: number): HTMLElement {
  const t = start + share * (end - start);
  return h("span", { text: end - start > 4 * 86_400_000 ? day(t) : `${day(t)} ${clock(t)}` });
}

export function close(): void {
  stop();
  byId("timeline").hidden = true;
  document.body.classList.remove("has-timeline");
}

export function isOpen(): boolean {
  return !byId("timeline").hidden;
}

/** Move to a time; what happens then is told by the caller in a few words. */
export function to(t: number): void {
  time = Math.min(end, Math.max(start, t));
  slider.value = String(Math.round(((time - start) / (end - start)) * 1000));
  label.textContent = whenFull(time);
  detail.textContent = moved(time);
  slider.setAttribute("aria-valuetext", `${whenFull(time)}. ${detail.textContent}`);
}

export function keep(): void {
  go({ time });
}

function toggle(): void {
  if (playing) {
    stop();
    keep();
    return;
  }
  if (time >= end) to(start);
  let before = performance.now();
  const step = (now: number) => {
    const due = calm.matches ? CALM_MS : 33;
    if (now - before >= due) {
      to(time + ((now - before) / WHOLE_MS) * (end - start));
      before = now;
    }
    if (time >= end) { stop(); keep(); say("The end of the course."); return; }
    playing = requestAnimationFrame(step);
  };
  playing = requestAnimationFrame(step);
  face();
}

function stop(): void {
  if (playing) cancelAnimationFrame(playing);
  playing = 0;
  if (button) face();
}

function face(): void {
  fill(button, icon(playing ? "pause" : "play"));
  button.setAttribute("aria-label", playing ? "Pause" : "Play");
}
