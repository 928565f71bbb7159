// The list of live balloons, which says in words what the map shows, and the one that was chosen.

import type { Feature, FeatureCollection, Position } from "geojson";

import { getJson } from "../api";
import { byId, fill, h, renew as bring } from "../dom";
import type { Crossing } from "../findings";
import { circle, collection, EMPTY, feature, outline, point, positions, unwrapped } from "../geometry";
import * as live from "../live";
import * as globe from "../map/globe";
import { ago, parse, whenFull } from "../moments";
import { go, now } from "../state";
import type { Balloon, BalloonDetail } from "../types";
import { altitude, climb, course, distance, percent, place, speed } from "../units";
import { back, facts } from "./parts";
import { ledger, rowsOf } from "./ledger";

const MOST = 100;
const OUTLINED_H = [1, 3, 6, 12, 18, 24];
let filter = "";
let only = false;
let detail: BalloonDetail | null = null;
let asked = "";
let fetchedAt = 0;

export function close(): void {
  detail = null;
  asked = "";
  for (const name of ["cone", "trail", "reach"] as const) globe.draw(name, EMPTY);
}

export function openList(): void {
  const search = h("input", { id: "filter", attrs: { type: "search", placeholder: "Find a balloon", "aria-label": "Find a balloon by its name", value: filter }, on: {
    input: (event) => { filter = (event.target as HTMLInputElement).value; list(); } } });
  const box = h("input", { id: "only", attrs: { type: "checkbox" }, on: { change: () => { only = box.checked; list(); } } });
  box.checked = only;
  fill(byId("body"), search, h("label", { class: "check" }, box, "Only those of no known launch"),
    h("p", { class: "count", id: "count" }), h("ul", { class: "list", id: "balloons", attrs: { "aria-label": "Balloons" } }));
  list();
}

export function list(): void {
  const into = document.getElementById("balloons");
  if (!into) return;
  const wanted = filter.trim().toLowerCase();
  const found = [...live.all().values()].filter((one) => (!only || !live.isKnown(one)) && one.balloon.toLowerCase().includes(wanted));
  found.sort((a, b) => Number(live.isKnown(a)) - Number(live.isKnown(b)) || (b.altitude_m ?? 0) - (a.altitude_m ?? 0));
  const total = live.all().size;
  byId("count").textContent = total === 0 ? "No balloon is heard." : found.length > MOST
    ? `${found.length} balloons; the first ${MOST} are listed.` : `${found.length} of ${total} balloons`;
  const shown = found.slice(0, MOST);
  while (into.children.length > shown.length) into.lastElementChild!.remove();
  shown.forEach((one, i) => row(into, i, one)); // in place, so that the focus stays where it is
}

function row(into: HTMLElement, i: number, one: Balloon): void {
  let item = into.children[i] as HTMLElement | undefined;
  if (!item) {
    const button = h("button", { class: "balloon", attrs: { type: "button" } },
      h("span", { class: "dot" }), h("span", { class: "name" }), h("span", { class: "value" }), h("span", { class: "sub" }));
    button.addEventListener("click", () => go({ view: "balloon", id: button.dataset["balloon"] ?? "" }));
    item = h("li", {}, button);
    into.append(item);
  }
  const button = item.firstElementChild as HTMLElement;
  button.dataset["balloon"] = one.balloon;
  button.classList.toggle("unmatched", !live.isKnown(one));
  button.classList.toggle("stale", live.isStale(one));
  const [, name, value, sub] = [...button.children] as HTMLElement[];
  name!.textContent = one.balloon;
  value!.textContent = altitude(one.altitude_m);
  sub!.textContent = `${live.isKnown(one) ? "known launch" : "no known launch"} \u00b7 ${climb(one.vertical_speed_ms)} \u00b7 ${ago(parse(one.seen_at))}`;
}

export async function openOne(id: string): Promise<void> {
  asked = id;
  detail = null;
  fill(byId("body"));
  render();
  const one = live.all().get(id);
  if (one) globe.flyTo(one.lon, one.lat, 4.2);
  await renew(true);
}

async function renew(first = false): Promise<void> {
  const id = asked;
  fetchedAt = Date.now();
  try {
    const found = await getJson<BalloonDetail>(`api/live/${encodeURIComponent(id)}`);
    if (asked !== id) return;
    detail = found;
    drawDetail();
    const cone = (found.cone?.features ?? []).flatMap((one) => [...positions(one.geometry)]);
    if (first) globe.fit([...found.positions.map(([, lon, lat]) => [lon, lat]), ...cone]);
    render();
  } catch (problem) {
    if (asked !== id || !first) return;
    fill(byId("body"), back("live", "Balloons"), h("h2", { text: id }), h("p", { class: "problem", text: (problem as Error).message }));
  }
}

/** The chosen balloon moved: renew its numbers at once, and cone and regions now and then. */
export function moved(): void {
  if (now().view === "live") list();
  if (now().view !== "balloon") return;
  if (!detail) return;
  drawDetail();
  render();
  if (Date.now() - fetchedAt > 10_000) void renew();
}

function drawDetail(): void {
  if (!detail) return;
  const one = live.all().get(asked);
  const line = unwrapped(detail.positions.map(([, lon, lat]) => [lon, lat]));
  if (one && line.length) line.push(unwrapped([line[line.length - 1]!, [one.lon, one.lat]])[1]!);
  globe.draw("trail", line.length > 1 ? collection([feature({ type: "LineString", coordinates: line })]) : EMPTY);
  globe.draw("reach", one?.radius_90_m ? collection([circle(one.lon, one.lat, one.radius_90_m)]) : EMPTY);
  globe.draw("cone", cone(detail.cone?.features ?? [], line[line.length - 1]));
  if (!one && line.length) globe.draw("balloons", collection([...live.features(asked).features, point(line[line.length - 1]![0]!, line[line.length - 1]![1]!, { balloon: asked, known: true, stale: true, chosen: true })]));
}

/** Outlines of a few hours and the way between their middles: areas laid over each other would read as probability. */
function cone(features: Feature[], from: Position | undefined): FeatureCollection {
  const way: Position[] = from ? [from] : [];
  const drawn: Feature[] = [];
  for (const one of features) {
    const about = one.properties ?? {};
    const [hours, percent] = [Number(about["hour"] ?? about["hours"]), Math.round(100 * level(about))];
    const middle: Position = [Number(about["lon"]), Number(about["lat"])];
    if (percent >= 70 && hours > 0 && middle.every(Number.isFinite)) way.push(middle);
    if (!OUTLINED_H.includes(hours)) continue;
    drawn.push(feature(outline(one.geometry), { percent, label: percent >= 70 ? `+${hours} h` : "" }));
  }
  if (way.length > 1) drawn.push(feature({ type: "LineString", coordinates: unwrapped(way) }, { percent: 0, label: "" }));
  return collection(drawn);
}

function level(about: Record<string, unknown>): number {
  const given = Number(about["percent"] ?? about["probability"] ?? about["level"] ?? 0.9);
  return given > 1 ? given / 100 : given;
}

function render(): void {
  const one = live.all().get(asked);
  const parts: (HTMLElement | null)[] = [back("live", "Balloons"), h("h2", { id: "title", text: asked, attrs: { tabindex: -1 } })];
  if (one) {
    const known = live.isKnown(one);
    parts.push(h("p", { class: known ? "badge" : "badge warn", text: known ? (typeof one.known_launch === "string" ? `Launch: ${one.known_launch}` : "Known launch") : "No known launch" }));
    parts.push(facts([
      ["Altitude", altitude(one.altitude_m)], ["Climb", climb(one.vertical_speed_ms)], ["Speed", speed(one.speed_ms)],
      ["Course", course(one.track_deg)], ["Place", place(one.lon, one.lat)], ["90 % within", distance(one.radius_90_m)],
      ["Heard", `${whenFull(parse(one.seen_at))}`], ["From", one.source ?? "not known"],
    ]));
  } else parts.push(h("p", { class: "muted", text: "Not heard now." }));
  if (!detail) parts.push(h("p", { class: "muted", text: "Reading its path and forecast" }));
  else parts.push(...ahead(detail));
  bring(byId("body"), ...parts);
}

function ahead(of: BalloonDetail): HTMLElement[] {
  const rows = crossings(of);
  const title = h("h3", { text: "Regions ahead, next 24 h" });
  if (!rows.length) return [title, h("p", { class: "muted", text: "None." })];
  return [title, ledger(rows, now().region, (row) => { go({ region: row.id }); globe.fitRegion(row.id); }, { start: fetchedAt, end: fetchedAt + 86_400_000 }),
    h("p", { class: "muted small", text: "The mark is the median time of entry, the pale line its 5 to 95 % range." })];
}

function crossings(of: BalloonDetail): Crossing[] {
  return of.regions.map((r) => {
    const entry: [number, number, number] = [parse(r.enters_at?.p05), parse(r.enters_at?.p50), parse(r.enters_at?.p95)];
    return { id: r.region, name: r.name, kind: r.kind, disputed: r.disputed, probability: r.probability, low: NaN, high: NaN,
      entry, exit: [NaN, NaN, NaN] as [number, number, number], altitude: [NaN, NaN] as [number, number] };
  }).filter((r) => Number.isFinite(r.entry[1])).sort((a, b) => a.entry[1] - b.entry[1]);
}

/** What the open balloon has to do with a region, in words. */
export function about(region: string): string {
  if (!detail) return "";
  const [found] = rowsOf(crossings(detail), region);
  return found ? `${asked} enters ${found.name} with ${percent(found.probability)}, about ${whenFull(found.entry[1])}.`
    : `${asked} is not expected here in the next 24 h.`;
}

export function refresh(): void {
  if (now().view === "balloon") render();
  else list();
}
