// What was found, on the map and under the time slider: of a job and of a case alike.

import type { Position } from "geojson";

import { everything, extent, placeAt, type Crossing, type Findings } from "../findings";
import { collection, EMPTY, feature, point } from "../geometry";
import * as globe from "../map/globe";
import { say } from "../dom";
import { go, now } from "../state";
import * as timeline from "../timeline";
import { altitude } from "../units";
import { moveCursor, rowsOf, sentence } from "./ledger";

export function clear(): void {
  for (const name of ["areas", "mean", "lines", "members", "sightings", "origin", "landing"] as const) globe.draw(name, EMPTY);
  timeline.close();
}

export function show(found: Findings, lookAt = true): void {
  globe.draw("areas", found.areas);
  globe.draw("mean", found.mean ? collection([feature({ type: "LineString", coordinates: found.mean.places })]) : EMPTY);
  globe.draw("lines", collection(found.lines.map((one) => one.line)));
  globe.draw("sightings", found.sightings);
  globe.draw("origin", found.origin ?? EMPTY);
  globe.draw("landing", found.landing ?? EMPTY);
  const course = extent(found);
  if (course) timeline.open(course, now().time, (time) => moment(found, time));
  if (lookAt) globe.fit(everything(found));
  if (now().region) globe.choose(now().region);
}

/** Draw the members where they are at a time, and say how many there are. */
function moment(of: Findings, time: number): string {
  const first = of.mean?.times[0] ?? -Infinity;
  const last = of.mean?.times[of.mean.times.length - 1] ?? -Infinity;
  const phase = of.mean ? (time < first ? "past" : time > last ? "ahead" : "track") : "ahead";
  const at = of.members.map((member) => placeAt(member, time)).filter((place): place is Position => place !== null);
  globe.draw("members", collection(at.map(([lon, lat]) => point(lon!, lat!, { phase }))));
  moveCursor(time);
  if (!of.members.length) return "";
  const heights = at.map((place) => place[2] ?? NaN).filter(Number.isFinite).sort((a, b) => a - b);
  const words = { past: "before the first sighting", track: "between sightings", ahead: of.mean ? "after the last sighting" : "" }[phase];
  return [`${at.length} of ${of.members.length} members`, words, heights.length ? altitude(heights[heights.length >> 1]) : ""].filter(Boolean).join(" \u00b7 ");
}

/** A row of the ledger was chosen: its time, its place. */
export function chooseRow(row: Crossing): void {
  const same = now().region === row.id;
  go({ region: same ? "" : row.id, time: same ? now().time : row.entry[1] });
  if (same) return;
  if (timeline.isOpen()) timeline.to(row.entry[1]);
  globe.fitRegion(row.id);
  say(sentence(row));
}

/** What a ledger says of a region, and of the sea and the waters of a country. */
export function told(ledger: Crossing[], region: string): string {
  const rows = rowsOf(ledger, region);
  if (rows.length && timeline.isOpen()) timeline.to(Math.min(...rows.map((row) => row.entry[1])));
  if (rows.length) return rows.map(sentence).join(" ");
  return ledger.length ? `${globe.region(region)?.name ?? region}: not crossed by any member.` : "";
}
