// When which country: a row a country, a bar from entry to exit, the 5 to 95 % range paler at both ends.

import { h } from "../dom";
import type { Crossing } from "../findings";
import * as globe from "../map/globe";
import { clock, day, when } from "../moments";
import { altitude, percent } from "../units";

const CERTAIN_CSS = 0.25;

export function sentence(of: Crossing): string {
  const range = (three: [number, number, number]) =>
    three[0] === three[2] ? when(three[1]) : `${when(three[1])} (${when(three[0])} to ${when(three[2])})`;
  const height = Number.isFinite(of.altitude[0]) ? `, at ${altitude(of.altitude[0])} to ${altitude(of.altitude[1])}` : "";
  const out = Number.isFinite(of.exit[1]) ? `, left ${range(of.exit)}` : "";
  return `${of.name}: ${percent(of.probability)}, entered ${range(of.entry)}${out} UTC${height}.`;
}

/** The rows of a region; of a country also those of its sea and its waters. */
export function rowsOf(rows: Crossing[], region: string): Crossing[] {
  return region ? rows.filter((row) => row.id === region || globe.countryOf(row.id) === region) : [];
}

export function ledger(
  rows: Crossing[], chosen: string, onChoose: (row: Crossing) => void, course: { start: number; end: number } | null,
): HTMLElement {
  const last = (row: Crossing) => [row.exit[2], row.exit[1], row.entry[2], row.entry[1]].find(Number.isFinite)!;
  const start = course?.start ?? Math.min(...rows.map((row) => row.entry[0]));
  const end = course?.end ?? Math.max(...rows.map(last));
  const share = (t: number) => `${Math.max(0, Math.min(100, ((t - start) / (end - start || 1)) * 100)).toFixed(2)}%`;
  const width = (a: number, b: number) => `calc(${share(b)} - ${share(a)})`;
  const bar = (name: string, a: number, b: number, strength: number) =>
    h("span", { class: name, style: { left: share(a), width: width(a, b), opacity: String(strength) } });
  const pressed = rowsOf(rows, chosen);
  const items = rows.map((row) => {
    const strength = CERTAIN_CSS + (1 - CERTAIN_CSS) * row.probability;
    const out = Number.isFinite(row.exit[1]) ? row.exit : row.entry;
    return h("li", {}, h("button", {
      class: "crossing", attrs: { type: "button", "aria-pressed": String(pressed.includes(row)), "aria-label": sentence(row), "data-region": row.id },
      on: { click: () => onChoose(row) },
    },
      h("span", { class: "crossing-name", text: row.name + (row.disputed ? " (disputed)" : "") }),
      h("span", { class: "crossing-chance", text: percent(row.probability) }),
      h("span", { class: "lane" },
        bar("whisker", row.entry[0], Math.max(out[2], row.entry[2]), strength), bar("bar", row.entry[1], out[1], strength)),
      pressed.includes(row) && h("span", { class: "crossing-said", text: sentence(row) }),
    ));
  });
  const ends = h("div", { class: "ticks", attrs: { "aria-hidden": true } },
    h("span", { text: `${day(start)} ${clock(start)}` }), h("span", { text: `${day(end)} ${clock(end)}` }));
  return h("div", { class: "ledger" },
    h("span", { class: "cursor", id: "cursor", attrs: { "aria-hidden": true, "data-start": start, "data-end": end } }),
    h("ul", { attrs: { "aria-label": "When which country" } }, ...items), ends);
}

/** Move the line that shows the time of the slider. */
export function moveCursor(time: number): void {
  const line = document.getElementById("cursor");
  if (!line) return;
  const [start, end] = [Number(line.dataset["start"]), Number(line.dataset["end"])];
  line.style.setProperty("--share", String(Math.max(0, Math.min(1, (time - start) / (end - start || 1)))));
}
