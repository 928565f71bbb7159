// What a link shares: where the map looks, what is open, and which time. Kept in the hash of the address.

export type View = "live" | "jobs" | "cases" | "balloon" | "job" | "case";

export interface State {
  view: View;
  id: string;
  region: string;
  time: number | null;
  camera: { lon: number; lat: number; zoom: number; bearing: number; pitch: number } | null;
}

const LETTERS: Record<string, View> = { balloon: "balloon", job: "job", case: "case", list: "live" };
const listeners: ((now: State, before: State) => void)[] = [];
let state: State = read(location.hash);

function read(hash: string): State {
  const found: State = { view: "live", id: "", region: "", time: null, camera: null };
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  for (const [name, value] of given) {
    const view = LETTERS[name];
    if (view && view !== "live") [found.view, found.id] = [view, value];
    else if (name === "list" && (value === "jobs" || value === "cases")) found.view = value;
    else if (name === "region") found.region = value;
    else if (name === "time") found.time = Number.isFinite(Date.parse(value)) ? Date.parse(value) : null;
    else if (name === "at") found.camera = camera(value);
  }
  return found;
}

function camera(text: string): State["camera"] {
  const [lon, lat, zoom, bearing = 0, pitch = 0] = text.split(",").map(Number);
  const all = [lon, lat, zoom, bearing, pitch];
  if (!all.every((n) => typeof n === "number" && Number.isFinite(n))) return null;
  if (Math.abs(lat!) > 90 || zoom! < 0 || zoom! > 22 || pitch < 0 || pitch > 85) return null;
  return { lon: lon!, lat: lat!, zoom: zoom!, bearing, pitch };
}

function write(of: State): string {
  const parts: string[] = [];
  const add = (name: string, value: string) => parts.push(`${name}=${encodeURIComponent(value)}`);
  if (of.view === "balloon" || of.view === "job" || of.view === "case") add(of.view, of.id);
  else if (of.view !== "live") add("list", of.view);
  if (of.region) add("region", of.region);
  if (of.time !== null) add("time", new Date(of.time).toISOString().replace(/\.\d+Z$/, "Z"));
  if (of.camera) {
    const { lon, lat, zoom, bearing, pitch } = of.camera;
    const turned = bearing || pitch ? `,${bearing.toFixed(0)},${pitch.toFixed(0)}` : "";
    parts.push(`at=${lon.toFixed(3)},${lat.toFixed(3)},${zoom.toFixed(2)}${turned}`);
  }
  return `#${parts.join("&")}`;
}

export function now(): State {
  return state;
}

export function onState(listener: (now: State, before: State) => void): void {
  listeners.push(listener);
}

/** Change what is shown. What is opened can be gone back from; looking around cannot. */
export function go(change: Partial<State>): void {
  const before = state;
  state = { ...state, ...change };
  const opened = state.view !== before.view || state.id !== before.id;
  history[opened ? "pushState" : "replaceState"](null, "", write(state));
  for (const listener of listeners) listener(state, before);
}

function again(): void {
  const before = state;
  state = read(location.hash);
  for (const listener of listeners) listener(state, before);
}

window.addEventListener("popstate", again);
