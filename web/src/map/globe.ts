// The map itself: made once, drawn anew where data or theme change.

import { Map as Globe, NavigationControl, ScaleControl, setWorkerUrl, type GeoJSONSource } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import type { FeatureCollection, Position } from "geojson";

import { byId, h } from "../dom";
import { bounds, collection, namePlace, point, positions } from "../geometry";
import { go, now } from "../state";
import type { Regions, RegionProperties } from "../types";
import { units } from "../units";
import { GROUPS, layers, sky, style, type SourceName } from "./style";
import type { Theme } from "./palette";

setWorkerUrl(new URL(workerUrl, import.meta.url).href);

const CALM = window.matchMedia("(prefers-reduced-motion: reduce)");
const waiting = new Map<string, FeatureCollection | Regions>();
let map: Globe | null = null;
let ready = false;
const later: ((globe: Globe) => void)[] = [];
let regions: Regions | null = null;
let scale: ScaleControl | null = null;
let room: () => { top: number; bottom: number; left: number; right: number };

export interface Clicked {
  balloon: (id: string) => void;
  region: (id: string) => void;
}

export function start(theme: Theme, clicked: Clicked, padding: typeof room): void {
  room = padding;
  if (!document.createElement("canvas").getContext("webgl2")) {
    byId("map").append(h("p", { class: "no-map", text: "This browser draws no map (WebGL 2 is missing). The list works without." }));
    document.documentElement.dataset["map"] = "none";
    return;
  }
  const globe = make(theme);
  map = globe;
  globe.on("load", () => {
    ready = true;
    globe.addImage("course", arrow(), { sdf: true, pixelRatio: 2 });
    for (const [name, data] of waiting) set(name, data);
    waiting.clear();
    for (const one of later.splice(0)) one(globe);
    document.documentElement.dataset["map"] = "ready";
  });
  globe.on("moveend", () => {
    const c = globe.getCenter();
    go({ camera: { lon: c.lng, lat: c.lat, zoom: globe.getZoom(), bearing: globe.getBearing(), pitch: globe.getPitch() } });
  });
  listen(globe, clicked);
}

/** Do something with the map once it is there; never, where there is none. */
function then(what: (globe: Globe) => void): void {
  if (map && ready) what(map);
  else later.push(what);
}

function make(theme: Theme): Globe {
  const at = now().camera;
  const globe = new Globe({
    container: "map", style: style(theme), attributionControl: false, dragRotate: true, maxPitch: 70, fadeDuration: 120,
    center: at ? [at.lon, at.lat] : [-30, 38], zoom: at?.zoom ?? firstZoom(), bearing: at?.bearing ?? 0, pitch: at?.pitch ?? 0,
  });
  if (!at) globe.setPadding(room());
  globe.addControl(new NavigationControl({ visualizePitch: true }), "bottom-right");
  scale = new ScaleControl({ maxWidth: 110, unit: units() === "si" ? "metric" : "nautical" });
  globe.addControl(scale, "bottom-right");
  globe.getCanvas().setAttribute("aria-label", "Map. Arrow keys move it, plus and minus zoom. The list beside it says the same in words.");
  return globe;
}

function listen(globe: Globe, clicked: Clicked): void {
  globe.on("click", (event) => {
    const near = 7;
    const { x, y } = event.point;
    const hit = globe.queryRenderedFeatures([[x - near, y - near], [x + near, y + near]], { layers: ["balloons"] })[0];
    if (hit) return clicked.balloon(String(hit.properties["balloon"]));
    const under = globe.queryRenderedFeatures(event.point, { layers: ["region-hit"] });
    const firm = under.find((f) => f.properties["kind"] !== "fir" && f.properties["kind"] !== "uir") ?? under[0];
    clicked.region(firm ? String(firm.properties["id"]) : "");
  });
  globe.on("mousemove", "balloons", () => (globe.getCanvas().style.cursor = "pointer"));
  globe.on("mouseleave", "balloons", () => (globe.getCanvas().style.cursor = ""));
}

function firstZoom(): number {
  const { top, bottom, left, right } = room();
  const free = Math.min(window.innerWidth - left - right, window.innerHeight - top - bottom);
  return Math.max(0.3, Math.min(2.6, Math.log2((0.86 * free * Math.PI) / 512))); // the globe is 512 / pi pixels wide at zoom 0
}

function arrow(): ImageData {
  const size = 64;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const pen = canvas.getContext("2d")!;
  pen.beginPath();
  pen.moveTo(32, 1);
  pen.lineTo(40, 15);
  pen.lineTo(24, 15);
  pen.closePath();
  pen.fill();
  return pen.getImageData(0, 0, size, size);
}

function set(name: string, data: FeatureCollection | Regions): void {
  if (!ready) waiting.set(name, data);
  else map?.getSource<GeoJSONSource>(name)?.setData(data);
}

export function draw(name: SourceName, data: FeatureCollection): void {
  set(name, data);
}

export function drawRegions(data: Regions): void {
  for (const one of data.features) one.properties.id ??= String(one.id ?? one.properties.region ?? "");
  regions = data;
  set("regions", data);
  const named = data.features.flatMap((one) => {
    if (!["land", "country"].includes(one.properties.kind) || !one.geometry) return [];
    const place = namePlace(one.geometry);
    return place ? [point(place.lon, place.lat, { name: one.properties.name, size: Math.round(place.size * 10) / 10 })] : [];
  });
  set("names", collection(named));
}

export function region(id: string): RegionProperties | null {
  return regions?.features.find((one) => one.properties.id === id)?.properties ?? null;
}

/** The country of a region: its sea and its waters are of it too. */
export function countryOf(id: string): string {
  const about = region(id);
  return about && about.kind !== "fir" && about.kind !== "uir" && about.kind !== "disputed" ? about.administered_by || id : id;
}

export function choose(id: string): void {
  const of = (kinds: string[]) => ["all", ["==", ["get", "administered_by"], id], ["in", ["get", "kind"], ["literal", kinds]]];
  const filter = id ? ["any", ["==", ["get", "id"], id], of(["land", "inland water"])] : ["==", ["get", "id"], ""];
  then((globe) => ["chosen", "chosen-edge"].forEach((layer) => globe.setFilter(layer, filter as never)));
}

export function showGroup(group: string, shown: boolean): void {
  const to = shown ? "visible" : "none";
  then((globe) => GROUPS[group]?.layers.forEach((layer) => globe.setLayoutProperty(layer, "visibility", to)));
}

export function setTheme(theme: Theme): void {
  then((globe) => {
    for (const layer of layers(theme)) {
      for (const [name, value] of Object.entries(layer.paint ?? {})) globe.setPaintProperty(layer.id, name as never, value as never);
    }
    globe.setSky(sky(theme));
  });
}

export function setScale(): void {
  scale?.setUnit(units() === "si" ? "metric" : "nautical");
}

export function flyTo(lon: number, lat: number, zoom = 0): void {
  then((globe) => globe.easeTo({ center: [lon, lat], zoom: Math.max(globe.getZoom(), zoom), padding: room(), duration: CALM.matches ? 0 : 900 }));
}

export function fit(points: Position[]): void {
  const box = bounds(points);
  if (!box) return;
  then((globe) => {
    globe.setPadding({ top: 0, bottom: 0, left: 0, right: 0 });
    globe.fitBounds(box, { padding: withMargin(globe), maxZoom: 8.5, duration: CALM.matches ? 0 : 1100 });
  });
}

export function fitRegion(id: string): void {
  const of = regions?.features.find((one) => one.properties.id === id);
  const place = of?.geometry ? namePlace(of.geometry) : null;
  if (!of || !place) return;
  const kept = [...positions(of.geometry)].filter(([lon, lat]) => Math.hypot(lon! - place.lon, lat! - place.lat) < 3 * Math.sqrt(place.size) + 2);
  fit(kept);
}

function withMargin(globe: Globe): { top: number; bottom: number; left: number; right: number } {
  const { clientWidth, clientHeight } = globe.getContainer();
  const p = room();
  const margin = 40;
  const fits = p.left + p.right + 3 * margin < clientWidth && p.top + p.bottom + 3 * margin < clientHeight;
  if (!fits) return { top: 20, bottom: 20, left: 20, right: 20 };
  return { top: p.top + margin, bottom: p.bottom + margin, left: p.left + margin, right: p.right + margin };
}
