// The live balloons: asked for once, then kept up by events; asked for anew whenever the connection was lost.

import type { FeatureCollection, Point } from "geojson";

import { getJson } from "./api";
import { follow, type Link } from "./events";
import { collection, EMPTY, point } from "./geometry";
import { parse } from "./moments";
import { now } from "./state";
import type { Balloon } from "./types";

const STALE_MS = 15 * 60_000;
const DRAW_MS = 1_000;
const balloons = new Map<string, Balloon>();
let changed: () => void = () => {};
let timer = 0;
let last = 0;

export function all(): Map<string, Balloon> {
  return balloons;
}

export interface Told {
  changed: () => void;
  link: (link: Link, about: { again: boolean; retryAt?: number }) => void;
  alert: (about: unknown) => void;
  failed: (message: string) => void;
}

export function start(told: Told): void {
  changed = told.changed;
  follow("api/live/events", {
    event: (name, data) => {
      if (name === "alert") told.alert(data);
      if (name === "balloons" && Array.isArray(data)) take(data);
    },
    link: (link, about) => {
      told.link(link, about);
      if (link === "open") void sync().catch(() => {}); // the stream tells when the server is gone
    },
    failed: (problem) => {
      told.failed(problem.message);
      void sync().catch(() => {});
    },
  });
  setInterval(soon, 30_000); // what is not heard any more goes pale
}

async function sync(): Promise<void> {
  const data = await getJson<FeatureCollection<Point, Balloon>>("api/live");
  const heard = data.features.map(({ geometry, properties }) =>
    ({ ...properties, lon: geometry.coordinates[0]!, lat: geometry.coordinates[1]! }));
  const names = new Set(heard.map((one) => one.balloon));
  for (const name of balloons.keys()) if (!names.has(name)) balloons.delete(name);
  take(heard);
}

function take(given: Balloon[]): void {
  for (const one of given) {
    if (typeof one?.balloon !== "string" || !Number.isFinite(one.lon) || !Number.isFinite(one.lat)) continue;
    const before = balloons.get(one.balloon);
    if (before && parse(one.seen_at) < parse(before.seen_at)) continue;
    balloons.set(one.balloon, { ...before, ...one });
  }
  soon();
}

/** Draw at most once a second, however many messages come. */
function soon(): void {
  if (timer) return;
  timer = window.setTimeout(() => {
    timer = 0;
    last = performance.now();
    changed();
  }, Math.max(0, last + DRAW_MS - performance.now()));
}

export function isStale(one: Balloon, at = Date.now()): boolean {
  return at - parse(one.seen_at) > STALE_MS;
}

export function isKnown(one: Balloon): boolean {
  return Boolean(one.known_launch);
}

/** What the map draws; nothing beside a job or a case, which are of another time. */
export function features(chosen: string): FeatureCollection {
  if (["job", "case"].includes(now().view)) return EMPTY;
  const at = Date.now();
  return collection([...balloons.values()].map((one) => point(one.lon, one.lat, {
    balloon: one.balloon, altitude_m: one.altitude_m, track_deg: one.track_deg ?? null, known: isKnown(one),
    stale: isStale(one, at), chosen: one.balloon === chosen,
  })));
}
