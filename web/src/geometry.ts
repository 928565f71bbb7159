// Little geometry: lines that do not jump at the antimeridian, circles, bands.

import type { Feature, FeatureCollection, Geometry, LineString, MultiLineString, Polygon, Position } from "geojson";

export const EMPTY: FeatureCollection = { type: "FeatureCollection", features: [] };
const EARTH_M = 6_371_008.8;
const RAD = Math.PI / 180;

export function collection(features: Feature[]): FeatureCollection {
  return { type: "FeatureCollection", features };
}

export function feature(geometry: Geometry, properties: Record<string, unknown> = {}): Feature {
  return { type: "Feature", geometry, properties };
}

export function point(lon: number, lat: number, properties: Record<string, unknown> = {}): Feature {
  return feature({ type: "Point", coordinates: [lon, lat] }, properties);
}

/** Longitude nearest to another, so that a line goes on instead of round the Earth. */
export function near(lon: number, to: number): number {
  return lon + 360 * Math.round((to - lon) / 360);
}

/** Join a line that was cut at the antimeridian; what was put in at the cut is taken out again. */
export function joined(line: LineString | MultiLineString): Position[] {
  if (line.type === "LineString") return unwrapped(line.coordinates);
  const all: Position[] = [];
  line.coordinates.forEach((part, i) => {
    const last = i === line.coordinates.length - 1;
    all.push(...part.slice(i === 0 ? 0 : 1, last ? undefined : -1));
  });
  return unwrapped(all);
}

export function unwrapped(points: Position[]): Position[] {
  let before = points[0]?.[0] ?? 0;
  return points.map(([lon, ...rest]) => [(before = near(lon!, before)), ...rest]);
}

export function distanceM(a: Position, b: Position): number {
  const dLat = (b[1]! - a[1]!) * RAD;
  const dLon = (b[0]! - a[0]!) * RAD;
  const s = Math.sin(dLat / 2) ** 2 + Math.cos(a[1]! * RAD) * Math.cos(b[1]! * RAD) * Math.sin(dLon / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(s)));
}

export function circle(lon: number, lat: number, radiusM: number, properties: Record<string, unknown> = {}): Feature<Polygon> {
  const ring: Position[] = [];
  const d = radiusM / EARTH_M;
  for (let i = 0; i <= 72; i++) {
    const bearing = (i % 72) * 5 * RAD;
    const y = Math.asin(Math.sin(lat * RAD) * Math.cos(d) + Math.cos(lat * RAD) * Math.sin(d) * Math.cos(bearing));
    const x = Math.atan2(
      Math.sin(bearing) * Math.sin(d) * Math.cos(lat * RAD),
      Math.cos(d) - Math.sin(lat * RAD) * Math.sin(y),
    );
    ring.push([lon + x / RAD, y / RAD]);
  }
  return { type: "Feature", properties, geometry: { type: "Polygon", coordinates: [ring.reverse()] } };
}

/**
 * A band along a line, `half` metres to each side, as strips between neighbours, so that a loop does not cut itself out.
 */
export function band(line: Position[], half: number[]): Feature {
  const left: Position[] = [];
  const right: Position[] = [];
  line.forEach((here, i) => {
    const a = line[Math.max(0, i - 1)]!;
    const b = line[Math.min(line.length - 1, i + 1)]!;
    const shrink = Math.max(0.02, Math.cos(here[1]! * RAD));
    const east = (b[0]! - a[0]!) * shrink;
    const north = b[1]! - a[1]!;
    const size = Math.hypot(east, north) || 1;
    const off = (half[i] ?? 0) / EARTH_M / RAD;
    const dLon = ((-north / size) * off) / shrink;
    const dLat = (east / size) * off;
    left.push([here[0]! + dLon, here[1]! + dLat]);
    right.push([here[0]! - dLon, here[1]! - dLat]);
  });
  const strips: Position[][][] = [];
  for (let i = 0; i + 1 < line.length; i++) {
    strips.push([[left[i]!, right[i]!, right[i + 1]!, left[i + 1]!, left[i]!]]);
  }
  return feature({ type: "MultiPolygon", coordinates: strips });
}

/** The outline of areas, without the edges at which they were cut along the antimeridian. */
export function outline(of: Geometry): MultiLineString {
  const polygons = of.type === "Polygon" ? [of.coordinates] : of.type === "MultiPolygon" ? of.coordinates : [];
  const lines: Position[][] = [];
  for (const ring of polygons.flat()) {
    let line: Position[] = [];
    ring.forEach((here, i) => {
      const before = ring[i - 1];
      if (before && Math.abs(before[0]!) === 180 && here[0] === before[0]) {
        lines.push(line);
        line = [];
      }
      line.push(here);
    });
    lines.push(line);
  }
  return { type: "MultiLineString", coordinates: lines.filter((line) => line.length > 1) };
}

/** West, south, east, north of points, in longitudes that go on; null of none. */
export function bounds(points: Position[]): [number, number, number, number] | null {
  let box: [number, number, number, number] | null = null;
  for (const [rawLon, lat] of points) {
    const lon: number = box ? near(rawLon!, (box[0] + box[2]) / 2) : rawLon!;
    box = box
      ? [Math.min(box[0], lon), Math.min(box[1], lat!), Math.max(box[2], lon), Math.max(box[3], lat!)]
      : [lon, lat!, lon, lat!];
  }
  return box;
}

/** All positions of a geometry. */
export function* positions(geometry: Geometry | null): Generator<Position> {
  if (!geometry) return;
  if (geometry.type === "GeometryCollection") {
    for (const inner of geometry.geometries) yield* positions(inner);
    return;
  }
  const stack: unknown[] = [geometry.coordinates];
  while (stack.length) {
    const next = stack.pop() as unknown[];
    if (typeof next[0] === "number") yield next as Position;
    else stack.push(...next);
  }
}

function degrees(value: number, positive: string, negative: string): string {
  return `${Math.abs(value)}\u00b0${value ? ` ${value > 0 ? positive : negative}` : ""}`;
}

export function graticule(step = 30): FeatureCollection {
  const lines: Feature[] = [];
  const range = (from: number, to: number, by: number) =>
    Array.from({ length: Math.round((to - from) / by) + 1 }, (_, i) => from + i * by);
  for (const lon of range(-180, 180 - step, step)) {
    lines.push(feature({ type: "LineString", coordinates: range(-85, 85, 5).map((lat) => [lon, lat]) }, { name: degrees(lon, "E", "W"), step }));
  }
  const top = 90 - step;
  for (const lat of range(-top, top, step)) {
    lines.push(feature({ type: "LineString", coordinates: range(-180, 180, 5).map((lon) => [lon, lat]) }, { name: degrees(lat, "N", "S"), step }));
  }
  return collection(lines);
}

/** A place for the name of an area: the middle of its largest ring, and how large that is (square degrees, shrunk). */
export function namePlace(geometry: Geometry): { lon: number; lat: number; size: number } | null {
  const polygons =
    geometry.type === "Polygon" ? [geometry.coordinates] : geometry.type === "MultiPolygon" ? geometry.coordinates : [];
  let best: { lon: number; lat: number; size: number } | null = null;
  for (const [ring] of polygons) {
    if (!ring) continue;
    let area = 0;
    let x = 0;
    let y = 0;
    for (let i = 0; i + 1 < ring.length; i++) {
      const [x1, y1] = ring[i] as [number, number];
      const [x2, y2] = ring[i + 1] as [number, number];
      const cross = x1 * y2 - x2 * y1;
      area += cross;
      x += (x1 + x2) * cross;
      y += (y1 + y2) * cross;
    }
    if (!area) continue;
    const lat = y / (3 * area);
    const size = Math.abs(area / 2) * Math.cos(lat * RAD);
    if (!best || size > best.size) best = { lon: x / (3 * area), lat, size };
  }
  return best;
}
