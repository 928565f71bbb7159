// The files of a job, read into what the map draws. A file is known by what it holds, not by its name alone.

import type { Feature, FeatureCollection, LineString, MultiLineString, Position } from "geojson";

import { ApiError, getJson, getText } from "./api";
import { band, collection, distanceM, feature, joined, near, point, positions } from "./geometry";
import { parse } from "./moments";
import { number, rows, type Row } from "./table";
import type { JobFile } from "./types";

export interface Member {
  times: number[];
  places: Position[];
}

export interface Crossing {
  id: string;
  name: string;
  kind: string;
  disputed: boolean;
  probability: number;
  low: number;
  high: number;
  entry: [number, number, number];
  exit: [number, number, number];
  altitude: [number, number];
}

export interface Findings {
  members: Member[];
  lines: { what: string; line: Feature }[];
  mean: { times: number[]; places: Position[]; sdKm: number[] } | null;
  areas: FeatureCollection;
  sightings: FeatureCollection;
  origin: FeatureCollection | null;
  landing: FeatureCollection | null;
  ledger: Crossing[];
  sentences: string[];
  problems: string[];
}

const LARGEST_MEMBERS = 2_000;
const Z90 = 1.645; // of a normal, both sides together 90 %

export async function read(files: JobFile[], signal: AbortSignal): Promise<Findings> {
  const found: Findings = {
    members: [], lines: [], mean: null, areas: collection([]), sightings: collection([]), origin: null, landing: null,
    ledger: [], sentences: [], problems: [],
  };
  const runs: { what: string; members: Map<number, Member> }[] = [];
  for (const file of files) {
    try {
      await one(file, found, runs, signal);
    } catch (problem) {
      if (signal.aborted) throw problem;
      found.problems.push(`${file.name}: ${problem instanceof ApiError ? problem.message : "it cannot be read"}`);
    }
  }
  const order = (what: string) => ["hindcast", "track", "forecast"].indexOf(what) + 10;
  runs.sort((a, b) => order(a.what) - order(b.what));
  found.members = merged(runs.map((run) => run.members));
  return found;
}

type Runs = { what: string; members: Map<number, Member> }[];

async function one(file: JobFile, found: Findings, runs: Runs, signal: AbortSignal): Promise<void> {
  const name = file.name.split("/").pop() ?? file.name;
  if (name.endsWith(".geojson")) {
    geojson(name.replace(/\.geojson$/, ""), await getJson<FeatureCollection>(file.url, signal), found, runs);
  } else if (/ledger.*\.csv$/.test(name)) {
    found.ledger = rows(await getText(file.url, signal)).map(crossing).filter(isDrawn);
  } else if (name === "track.csv") {
    meanTrack(rows(await getText(file.url, signal)), found);
  } else if (name === "sightings.csv") {
    found.sightings = sightingsOf(await getText(file.url, signal));
  } else if (/^(result|summary|investigation)\.json$/.test(name)) {
    summary(await getJson<Record<string, unknown>>(file.url, signal), found);
  }
}

function summary(data: Record<string, unknown>, found: Findings): void {
  if (Array.isArray(data["sentences"])) found.sentences = data["sentences"].map(String);
  const ledger = data["ledger"] as { crossings?: unknown } | undefined;
  if (!found.ledger.length && Array.isArray(ledger?.crossings)) found.ledger = crossings(ledger.crossings);
}

function geojson(what: string, data: FeatureCollection, found: Findings, runs: Runs): void {
  const features = data.features ?? [];
  const first = features[0]?.properties ?? {};
  if ("cell" in first) {
    const ending = "class" in first || /land|down|recover/.test(what);
    found[ending ? "landing" : "origin"] = data;
  } else if ("member" in first) {
    const members = new Map<number, Member>();
    for (const line of features.slice(0, LARGEST_MEMBERS)) {
      const member = memberOf(line);
      if (!member) continue;
      members.set(Number(line.properties?.["member"]), member);
      found.lines.push({ what, line: feature({ type: "LineString", coordinates: member.places }, { what }) });
    }
    runs.push({ what, members });
  } else if (features.some((f) => f.properties?.["what"] === "mean track")) trackFile(features, found);
  else if ("probability" in first && "kind" in first) {
    if (!found.ledger.length) found.ledger = crossings(features.map((f) => f.properties));
  }
}

/** A member's path. Outputs are evenly spaced from its first to its last time, unless the file names them. */
function memberOf(of: Feature): Member | null {
  const shape = of.geometry as LineString | MultiLineString | null;
  if (!shape || (shape.type !== "LineString" && shape.type !== "MultiLineString")) return null;
  const places = joined(shape);
  const about = of.properties ?? {};
  const named = about["times"] ?? about["coordTimes"];
  const [from, to] = [parse(about["from"]), parse(about["to"])];
  const times = Array.isArray(named) && named.length === places.length
    ? named.map(parse)
    : places.map((_, i) => from + ((to - from) * i) / Math.max(1, places.length - 1));
  if (!times.every(Number.isFinite) || places.length < 2) return null;
  return times[0]! <= times[times.length - 1]! ? { times, places } : { times: times.reverse(), places: places.reverse() };
}

/** Join hindcast, track and forecast of one member into one path. */
function merged(runs: Map<number, Member>[]): Member[] {
  const all = new Map<number, Member>();
  for (const run of runs) {
    for (const [number, member] of run) {
      const before = all.get(number);
      if (!before) {
        all.set(number, { times: [...member.times], places: [...member.places] });
        continue;
      }
      let last = before.places[before.places.length - 1]![0]!;
      const ended = before.times[before.times.length - 1]!;
      member.times.forEach((time, i) => {
        if (time <= ended) return;
        const [lon, ...rest] = member.places[i]!;
        last = near(lon!, last);
        before.times.push(time);
        before.places.push([last, ...rest]);
      });
    }
  }
  return [...all.values()];
}

function meanTrack(table: Row[], found: Findings): void {
  const kept = table.filter((row) => Number.isFinite(number(row["lat"])) && Number.isFinite(parse(row["time"])));
  if (kept.length < 2) return;
  let before = number(kept[0]!["lon"]);
  const places = kept.map((row) => [(before = near(number(row["lon"]), before)), number(row["lat"]), number(row["altitude"])]);
  found.mean = { times: kept.map((row) => parse(row["time"])), places, sdKm: kept.map((row) => number(row["sd_km"])) };
  const half = kept.map((row, i) => Z90 * 1000 * acrossKm(row, places, i));
  found.areas.features.push({ ...band(places, half), properties: { level: 0.9 } });
  found.areas.features.push({ ...band(places, half.map((m) => (m * 0.6745) / Z90)), properties: { level: 0.5 } });
}

/** Standard deviation across the track, from the covariance of east and north [km2]. */
function acrossKm(row: Row, places: Position[], i: number): number {
  const [a, b] = [places[Math.max(0, i - 1)]!, places[Math.min(places.length - 1, i + 1)]!];
  const east = (b[0]! - a[0]!) * Math.cos((b[1]! * Math.PI) / 180);
  const north = b[1]! - a[1]!;
  const size = Math.hypot(east, north);
  const [ee, nn, en] = [number(row["cov_east"]), number(row["cov_north"]), number(row["cov_east_north"])];
  if (!size || !Number.isFinite(ee + nn + en)) return number(row["sd_km"]) || 0;
  const [x, y] = [-north / size, east / size];
  return Math.sqrt(Math.max(0, x * x * ee + y * y * nn + 2 * x * y * en));
}

function trackFile(features: Feature[], found: Findings): void {
  for (const one of features) {
    const about = one.properties ?? {};
    if (about["what"] === "region") {
      found.areas.features.push({ ...one, properties: { level: about["probability"] } });
    } else if (about["what"] === "sighting") {
      found.sightings.features.push(one);
    } else if (about["what"] === "mean track" && Array.isArray(about["times"])) {
      const places = joined(one.geometry as LineString | MultiLineString);
      const times = about["times"].map(parse);
      if (times.length === places.length) found.mean = { times, places, sdKm: (about["sd_km"] as number[]) ?? [] };
      found.members = [];
    }
  }
}

/** Points of a table of sightings, for the map; the server alone judges it. */
export function sightingsOf(text: string): FeatureCollection {
  const pick = (row: Row, ...names: string[]) => names.map((name) => row[name]).find((value) => value !== undefined);
  const points = rows(text.slice(0, 2_000_000)).slice(0, 2_000).flatMap((row) => {
    const lat = number(pick(row, "lat", "latitude"));
    const lon = number(pick(row, "lon", "lng", "long", "longitude"));
    if (!(Math.abs(lat) <= 90) || !(Math.abs(lon) <= 360)) return [];
    const time = pick(row, "time", "time_utc", "datetime", "timestamp") ?? "";
    return [point(lon, lat, { time, name: pick(row, "object", "name", "label") ?? "", altitude_m: number(row["altitude_m"]) })];
  });
  return collection(points);
}

export function crossings(given: unknown): Crossing[] {
  if (!Array.isArray(given)) return [];
  return given.map((row) => crossing(row as Row)).filter(isDrawn);
}

function isDrawn(row: Crossing): boolean {
  return row.probability > 0 && Number.isFinite(row.entry[1]);
}

function crossing(row: Record<string, unknown>): Crossing {
  const n = (name: string) => number(row[name] === null ? "" : String(row[name] ?? ""));
  const three = (what: string): [number, number, number] => {
    const [a, b, c] = ["q05", "q50", "q95"].map((q) => parse(row[`${what}_${q}`]));
    return [a!, b!, c!];
  };
  return {
    id: String(row["id"] ?? ""), name: String(row["name"] ?? row["id"] ?? ""), kind: String(row["kind"] ?? ""),
    disputed: row["disputed"] === true || row["disputed"] === "True" || row["disputed"] === "true",
    probability: n("probability"), low: n("probability_low"), high: n("probability_high"),
    entry: three("entry"), exit: three("exit"), altitude: [n("altitude_low_m"), n("altitude_high_m")],
  };
}

export interface Course {
  start: number;
  end: number;
}

export function extent(found: Findings): Course | null {
  let [start, end] = [Infinity, -Infinity];
  for (const { times } of found.mean ? [...found.members, found.mean] : found.members) {
    start = Math.min(start, times[0]!);
    end = Math.max(end, times[times.length - 1]!);
  }
  return end > start ? { start, end } : null;
}

/** Where a member is at a time; null before its first and after its last. */
export function placeAt(member: Member, time: number): Position | null {
  const { times, places } = member;
  if (time < times[0]! || time > times[times.length - 1]!) return null;
  let [low, high] = [0, times.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= time) low = middle;
    else high = middle;
  }
  const share = times[high]! === times[low]! ? 0 : (time - times[low]!) / (times[high]! - times[low]!);
  return places[low]!.map((value, i) => value + share * ((places[high]![i] ?? value) - value));
}

export function everything(found: Findings): Position[] {
  const of = (data: FeatureCollection | null) => (data?.features ?? []).flatMap((f) => [...positions(f.geometry)]);
  return [...found.members.flatMap((m) => m.places), ...(found.mean?.places ?? []), ...of(found.sightings), ...of(found.landing)];
}

/** Length of a path in metres. */
export function lengthM(places: Position[]): number {
  return places.slice(1).reduce((sum, here, i) => sum + distanceM(places[i]!, here), 0);
}
