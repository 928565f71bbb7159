// The style of the map. It names no tiles, fonts or pictures of anybody else: labels are drawn with the system's font.

import type { LayerSpecification, SkySpecification, SourceSpecification, StyleSpecification } from "maplibre-gl";

import { collection, EMPTY, graticule } from "../geometry";
import { PALETTES, type Palette, type Theme } from "./palette";

const FONT = ["system-ui, -apple-system, Segoe UI, Roboto, Noto Sans, sans-serif"];
export const SOURCES = [
  "names", "origin", "landing", "areas", "cone", "lines", "mean", "sightings", "members", "trail", "reach", "balloons",
] as const;
export type SourceName = (typeof SOURCES)[number];

export const GROUPS: Record<string, { label: string; layers: string[] }> = {
  fir: { label: "Flight information regions", layers: ["fir"] },
  names: { label: "Names of countries", layers: ["names"] },
  grid: { label: "Grid", layers: ["grid", "grid-fine", "grid-names"] },
  origin: { label: "Origin density", layers: ["origin", "origin-edge"] },
  landing: { label: "Landing density", layers: ["landing", "landing-edge"] },
  track: { label: "Track and its uncertainty", layers: ["areas", "mean", "sightings"] },
  lines: { label: "Paths of the members", layers: ["lines"] },
};

export function style(theme: Theme): StyleSpecification {
  const sources: Record<string, SourceSpecification> = {
    grid: { type: "geojson", data: collection([...graticule(30).features, ...graticule(2).features]) },
    regions: { type: "geojson", data: EMPTY, tolerance: 0.2 },
  };
  for (const name of SOURCES) sources[name] = { type: "geojson", data: EMPTY, ...(name === "members" ? { tolerance: 0, buffer: 8 } : {}) };
  return { version: 8, projection: { type: "globe" }, light: { anchor: "viewport", position: [1.5, 0, 180], intensity: 0.3 }, sky: sky(theme), sources, layers: layers(theme) };
}

export function sky(theme: Theme): SkySpecification {
  const p = PALETTES[theme];
  return {
    "sky-color": p.sky, "horizon-color": p.horizon, "fog-color": p.ocean, "sky-horizon-blend": 0.5,
    "atmosphere-blend": ["interpolate", ["linear"], ["zoom"], 0, theme === "dark" ? 0.34 : 0.2, 2, theme === "dark" ? 0.26 : 0.12, 4, 0],
  };
}

/** Region levels of a density, from the 50 % region outwards. */
const DENSITY_OPACITY = ["step", ["get", "region"], 0.62, 0.6, 0.36, 0.95, 0.16, 0.995, 0.05] as const;

export function layers(theme: Theme): LayerSpecification[] {
  const p = PALETTES[theme];
  return [...ground(p), ...findings(p), ...live(p)];
}

function ground(p: Palette): LayerSpecification[] {
  const kind = (...kinds: string[]) => ["in", ["get", "kind"], ["literal", kinds]] as never;
  const thin = ["interpolate", ["linear"], ["zoom"], 0, 0.5, 4, 0.9, 8, 1.6] as never;
  return [
    { id: "ocean", type: "background", paint: { "background-color": p.ocean } },
    { id: "grid", type: "line", source: "grid", filter: ["==", ["get", "step"], 30], paint: { "line-color": p.grid, "line-width": 0.8 } },
    { id: "land", type: "fill", source: "regions", filter: kind("land", "country"), paint: { "fill-color": p.land } },
    { id: "disputed", type: "fill", source: "regions", filter: kind("disputed"),
      paint: { "fill-color": p.disputed, "fill-opacity": 0.4 } },
    { id: "lakes", type: "fill", source: "regions", filter: kind("inland water", "lake"), paint: { "fill-color": p.lake } },
    { id: "region-hit", type: "fill", source: "regions", paint: { "fill-color": "#000000", "fill-opacity": 0 } },
    { id: "chosen", type: "fill", source: "regions", filter: ["==", ["get", "id"], ""],
      paint: { "fill-color": p.chosen, "fill-opacity": 0.2 } },
    { id: "grid-fine", type: "line", source: "grid", minzoom: 4.5, filter: ["==", ["get", "step"], 2], paint: { "line-color": p.grid, "line-width": 0.8, "line-opacity": 0.8 } },
    { id: "grid-names", type: "symbol", source: "grid", minzoom: 4.5, filter: ["==", ["get", "step"], 2],
      layout: { "symbol-placement": "line", "text-field": ["get", "name"], "text-font": FONT, "text-size": 10.5, "symbol-spacing": 500 },
      paint: { "text-color": p.label, "text-opacity": 0.75, "text-halo-color": p.halo, "text-halo-width": 1 } },
    { id: "border", type: "line", source: "regions", filter: kind("land", "country"), paint: { "line-color": p.border, "line-width": thin } },
    { id: "disputed-edge", type: "line", source: "regions", filter: kind("disputed"),
      paint: { "line-color": p.border, "line-width": 0.9, "line-dasharray": [3, 2] } },
    { id: "fir", type: "line", source: "regions", filter: kind("fir", "uir"),
      paint: { "line-color": p.fir, "line-width": 0.9, "line-dasharray": [5, 3] } },
    { id: "chosen-edge", type: "line", source: "regions", filter: ["==", ["get", "id"], ""],
      paint: { "line-color": p.chosen, "line-width": 1, "line-opacity": 0.5 } },
    { id: "names", type: "symbol", source: "names",
      layout: { "text-field": ["get", "name"], "text-font": FONT, "text-max-width": 7, "text-letter-spacing": 0.06, "text-padding": 6,
        "symbol-sort-key": ["-", 0, ["get", "size"]],
        "text-size": ["interpolate", ["linear"], ["zoom"], 1, ["interpolate", ["linear"], ["get", "size"], 0, 8, 600, 12], 6,
          ["interpolate", ["linear"], ["get", "size"], 0, 12, 600, 19]] },
      paint: { "text-color": p.label, "text-halo-color": p.halo, "text-halo-width": 1.1,
        "text-opacity": ["step", ["zoom"], ["case", [">", ["get", "size"], 120], 1, 0], 2.3, ["case", [">", ["get", "size"], 20], 1, 0],
          3.6, ["case", [">", ["get", "size"], 2], 1, 0], 5, 1] } },
  ];
}

function findings(p: Palette): LayerSpecification[] {
  const ahead = ["match", ["get", "what"], "hindcast", p.past, "forecast", p.ahead, p.track] as never;
  return [
    { id: "origin", type: "fill", source: "origin", paint: { "fill-color": p.past, "fill-opacity": DENSITY_OPACITY as never, "fill-antialias": false } },
    { id: "origin-edge", type: "line", source: "origin", filter: ["<=", ["get", "region"], 0.9], paint: { "line-color": p.past, "line-opacity": 0.35, "line-width": 0.6 } },
    { id: "landing", type: "fill", source: "landing", paint: { "fill-color": p.ahead, "fill-opacity": DENSITY_OPACITY as never, "fill-antialias": false } },
    { id: "landing-edge", type: "line", source: "landing", filter: ["<=", ["get", "region"], 0.9], paint: { "line-color": p.ahead, "line-opacity": 0.35, "line-width": 0.6 } },
    { id: "cone-way", type: "line", source: "cone", filter: ["==", ["get", "percent"], 0], layout: { "line-join": "round", "line-cap": "round" },
      paint: { "line-color": p.ahead, "line-width": 1.8, "line-dasharray": [0.1, 2.2] } },
    { id: "cone-90", type: "line", source: "cone", filter: [">=", ["get", "percent"], 70], layout: { "line-join": "round" },
      paint: { "line-color": p.ahead, "line-width": 1.1, "line-opacity": 0.9 } },
    { id: "cone-50", type: "line", source: "cone", filter: ["all", [">", ["get", "percent"], 0], ["<", ["get", "percent"], 70]], layout: { "line-join": "round" },
      paint: { "line-color": p.ahead, "line-width": 2.2, "line-opacity": 0.9 } },
    { id: "cone-hours", type: "symbol", source: "cone", filter: ["!=", ["get", "label"], ""],
      layout: { "text-field": ["get", "label"], "text-font": FONT, "text-size": 11.5, "symbol-placement": "line", "symbol-spacing": 400, "text-keep-upright": true },
      paint: { "text-color": p.ahead, "text-halo-color": p.halo, "text-halo-width": 1.6 } },
    { id: "lines", type: "line", source: "lines", layout: { "line-join": "round" },
      paint: { "line-color": ahead, "line-opacity": 0.14, "line-width": ["interpolate", ["linear"], ["zoom"], 2, 0.6, 8, 1.2] } },
    { id: "areas", type: "fill", source: "areas",
      paint: { "fill-color": p.track, "fill-opacity": ["case", ["<", ["get", "level"], 0.7], 0.16, 0.1], "fill-antialias": false } },
    { id: "mean", type: "line", source: "mean", layout: { "line-join": "round", "line-cap": "round" },
      paint: { "line-color": p.track, "line-width": ["interpolate", ["linear"], ["zoom"], 2, 1.6, 8, 2.6] } },
    { id: "members", type: "circle", source: "members",
      paint: { "circle-color": ["match", ["get", "phase"], "past", p.past, "ahead", p.ahead, p.track] as never, "circle-opacity": 0.8,
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 2, 1.8, 6, 3, 10, 4.5], "circle-stroke-width": 0.5, "circle-stroke-color": p.ocean } },
    { id: "sightings", type: "circle", source: "sightings",
      paint: { "circle-color": p.sighting, "circle-radius": ["interpolate", ["linear"], ["zoom"], 2, 3, 8, 6], "circle-stroke-color": p.ocean, "circle-stroke-width": 1.5 } },
  ];
}

function live(p: Palette): LayerSpecification[] {
  const bySize = (low: number, high: number) => ["interpolate", ["linear"], ["zoom"], 1, low, 8, high] as never;
  const opacity = ["case", ["get", "stale"], 0.35, 1] as never;
  return [
    { id: "trail", type: "line", source: "trail", layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": p.chosen, "line-width": 2.2 } },
    { id: "reach", type: "fill", source: "reach", paint: { "fill-color": p.chosen, "fill-opacity": 0.16, "fill-outline-color": p.chosen } },
    { id: "balloon-ring", type: "circle", source: "balloons", filter: ["get", "chosen"],
      paint: { "circle-radius": bySize(10, 17), "circle-color": p.chosen, "circle-opacity": 0.18, "circle-stroke-color": p.chosen, "circle-stroke-width": 2 } },
    { id: "balloon-course", type: "symbol", source: "balloons", minzoom: 3.2, filter: ["==", ["typeof", ["get", "track_deg"]], "number"],
      layout: { "icon-image": "course", "icon-rotate": ["get", "track_deg"], "icon-rotation-alignment": "map", "icon-allow-overlap": true,
        "icon-ignore-placement": true, "icon-size": bySize(0.6, 1.15) },
      paint: { "icon-color": p.ink, "icon-opacity": opacity } },
    { id: "balloons", type: "circle", source: "balloons",
      paint: { "circle-radius": bySize(2.6, 7), "circle-opacity": opacity, "circle-stroke-opacity": opacity,
        "circle-color": ["interpolate", ["linear"], ["coalesce", ["get", "altitude_m"], 0], 0, p.low, 15000, p.middle, 35000, p.high],
        "circle-stroke-width": ["case", ["get", "known"], 1, 2.2], "circle-stroke-color": ["case", ["get", "known"], p.ocean, p.unmatched] } },
    { id: "balloon-names", type: "symbol", source: "balloons", minzoom: 4.6,
      layout: { "text-field": ["get", "balloon"], "text-font": FONT, "text-size": 11.5, "text-offset": [0, 1.2], "text-anchor": "top", "text-optional": true, "text-max-width": 14 },
      paint: { "text-color": p.ink, "text-halo-color": p.halo, "text-halo-width": 1.2, "text-opacity": opacity } },
  ];
}
