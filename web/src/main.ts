import "maplibre-gl/dist/maplibre-gl.css";
import "./page.css";

import { getJson, onTokenNeeded } from "./api";
import { byId, fill, h, icon, say } from "./dom";
import type { Link } from "./events";
import * as live from "./live";
import * as globe from "./map/globe";
import type { Theme } from "./map/palette";
import { GROUPS } from "./map/style";
import * as balloons from "./panel/balloons";
import * as cases from "./panel/cases";
import * as investigate from "./panel/investigate";
import * as jobs from "./panel/jobs";
import { dialog } from "./panel/parts";
import { go, now, onState, type State, type View } from "./state";
import type { RegionProperties, Regions } from "./types";
import { altitudeScale, onUnits, setUnits, units } from "./units";

const DARK = window.matchMedia("(prefers-color-scheme: dark)");
const TABS: [View, string][] = [["live", "Live"], ["jobs", "Jobs"], ["cases", "Cases"]];
const TAB_OF: Record<View, View> = { live: "live", balloon: "live", jobs: "jobs", job: "jobs", cases: "cases", case: "cases" };

function theme(): Theme {
  const chosen = localStorage.getItem("overflight.theme");
  return chosen === "dark" || chosen === "light" ? chosen : DARK.matches ? "dark" : "light";
}

function paintTheme(): void {
  document.documentElement.dataset["theme"] = theme();
}

// Tools

function tool(id: string, name: string, drawing: Parameters<typeof icon>[0], press: () => void, text = ""): HTMLElement {
  return h("button", { class: text ? "tool worded" : "tool", id, title: name, attrs: { type: "button", "aria-label": name }, on: { click: press } }, icon(drawing), text ? h("span", { text }) : null);
}

function tools(): void {
  const next = theme() === "dark" ? "light" : "dark";
  const kept = document.activeElement?.id;
  fill(byId("tools"),
    tool("investigate", "Investigate sightings", "upload", () => investigate.ask(), "Investigate"),
    tool("units", units() === "si" ? "Units: metres and metres a second. Change to feet and knots" : "Units: feet and knots. Change to metres", "ruler", () => setUnits(units() === "si" ? "aviation" : "si"), units() === "si" ? "m" : "ft"),
    tool("layers", "Layers of the map", "layers", askLayers),
    tool("share", "Share by link", "share", () => void share()),
    tool("theme", `Change to the ${next} theme`, theme() === "dark" ? "sun" : "moon", () => { localStorage.setItem("overflight.theme", next); retheme(); }));
  if (kept) document.getElementById(kept)?.focus();
}

function retheme(): void {
  paintTheme();
  globe.setTheme(theme());
  tools();
}

const shown: Record<string, boolean> = {};

function askLayers(): void {
  dialog("Layers", h("div", { class: "checks" }, ...Object.entries(GROUPS).map(([name, { label }]) => {
    const box = h("input", { attrs: { type: "checkbox" }, on: { change: () => { shown[name] = box.checked; globe.showGroup(name, box.checked); } } });
    box.checked = shown[name] ?? true;
    return h("label", { class: "check" }, box, label);
  })));
}

async function share(): Promise<void> {
  try {
    await navigator.clipboard.writeText(location.href);
    banner("The link is copied.", 3000);
  } catch {
    const field = h("input", { attrs: { type: "text", readonly: true, value: location.href, "aria-label": "Link" } });
    dialog("Share by link", field);
    field.select();
  }
}

function legend(): void {
  const [low, middle, high] = altitudeScale();
  fill(byId("legend"), h("p", { class: "live", text: "Altitude" }), h("div", { class: "ramp live", attrs: { "aria-hidden": true } }),
    h("div", { class: "ticks live" }, h("span", { text: low }), h("span", { text: middle }), h("span", { text: high })),
    h("p", { class: "key live" }, h("span", { class: "ring", attrs: { "aria-hidden": true } }), "no known launch"),
    h("p", { class: "key ahead" }, h("span", { class: "rings", attrs: { "aria-hidden": true } }), "likely there, 50 and 90 %"),
    h("p", { class: "key finding" }, h("span", { class: "swatch past", attrs: { "aria-hidden": true } }), "before, origin"),
    h("p", { class: "key finding" }, h("span", { class: "swatch ahead", attrs: { "aria-hidden": true } }), "ahead, landing"));
}

// The line to the server

let bannerTimer = 0;

function banner(text: string, forMs = 0): void {
  clearTimeout(bannerTimer);
  const into = byId("banner");
  if (into.textContent !== text) into.textContent = text;
  into.hidden = false;
  if (forMs) bannerTimer = window.setTimeout(() => { into.hidden = true; into.textContent = ""; }, forMs);
}

let wasLost = false;

function link(state: Link): void {
  const words = { connecting: wasLost ? "trying again" : "connecting", open: "live", lost: "server lost" }[state];
  byId("link").dataset["link"] = state === "connecting" && wasLost ? "lost" : state;
  byId("link").textContent = words;
  if (state === "lost" && !wasLost) banner("The server is lost. What is shown is the last that was heard; the page tries again by itself.");
  if (state === "open" && wasLost) {
    banner("The server is back.", 4000);
    void loadRegions();
  }
  if (state !== "connecting") wasLost = state === "lost";
}

let haveRegions = false;

async function loadRegions(): Promise<void> {
  if (haveRegions) return;
  try {
    const all = await getJson<Regions>("api/regions.geojson?tolerance=0.05");
    globe.drawRegions(all);
    haveRegions = true;
    void loadLayers(all);
    document.documentElement.dataset["regions"] = "ready";
    globe.choose(now().region);
    refresh();
  } catch (problem) {
    if (!wasLost) banner(`The regions cannot be read: ${(problem as Error).message}`, 8000);
  }
}

/** Other layers that the server holds, such as flight information regions, come after the countries. */
async function loadLayers(countries: Regions): Promise<void> {
  const { layers = [] } = await getJson<{ layers?: string[] }>("api/regions").catch(() => ({ layers: [] }));
  const more = await Promise.allSettled(layers.filter((name) => name !== "countries").map((name) =>
    getJson<Regions>(`api/regions.geojson?tolerance=0.05&layer=${encodeURIComponent(name)}`)));
  const features = more.flatMap((one) => (one.status === "fulfilled" ? one.value.features : []));
  if (features.length) globe.drawRegions({ ...countries, features: [...countries.features, ...features] });
}

function askToken(refused: boolean): Promise<{ token: string; keep: boolean } | null> {
  return new Promise((resolve) => {
    const field = h("input", { id: "token", attrs: { type: "password", required: true, autocomplete: "current-password" } });
    const keep = h("input", { attrs: { type: "checkbox" } });
    const form = h("form", {}, h("p", { text: refused ? "The token was refused." : "This server asks who reads it." }),
      h("label", { class: "field" }, "Token", field), h("label", { class: "check" }, keep, "Keep it on this device"), h("button", { class: "primary", text: "Go on", attrs: { type: "submit" } }));
    let given: { token: string; keep: boolean } | null = null;
    form.addEventListener("submit", (event) => { event.preventDefault(); given = { token: field.value.trim(), keep: keep.checked }; made.close(); });
    const made = dialog("A token is needed", form);
    made.addEventListener("close", () => resolve(given));
    field.focus();
  });
}

// The panel

function tabs(): void {
  const chosen = TAB_OF[now().view];
  fill(byId("tabs"), ...TABS.map(([view, label]) => h("button", {
    class: "tab", id: `tab-${view}`, text: label,
    attrs: { type: "button", role: "tab", "aria-selected": String(view === chosen), "aria-controls": "body", tabindex: view === chosen ? 0 : -1 },
    on: { click: () => go({ view, id: "", region: "", time: null }), keydown: (event) => besides(event, view) },
  })));
  byId("body").setAttribute("aria-labelledby", `tab-${chosen}`);
}

function besides(event: KeyboardEvent, view: View): void {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const i = TABS.findIndex(([one]) => one === view);
  const next = TABS[(i + step + TABS.length) % TABS.length]![0];
  go({ view: next, id: "", region: "", time: null });
  byId(`tab-${next}`).focus();
}

function show(state: State, before: State | null): void {
  if (before && state.view === before.view && state.id === before.id) {
    if (state.region !== before.region) regionChanged(state);
    return;
  }
  document.body.dataset["view"] = state.view;
  document.title = state.id ? `${state.id} - overflight` : "overflight";
  tabs();
  if (before?.view === "job") jobs.close();
  if (before?.view === "case") cases.close();
  if (before?.view === "balloon") balloons.close();
  if (state.view === "live") balloons.openList();
  else if (state.view === "balloon") void balloons.openOne(state.id);
  else if (state.view === "jobs") void jobs.openList();
  else if (state.view === "job") void jobs.openOne(state.id);
  else if (state.view === "cases") void cases.openList();
  else void cases.openOne(state.id);
  globe.choose(state.region);
  globe.draw("balloons", live.features(chosenBalloon()));
  if (before && state.id) {
    if (!grip.isOpen()) grip.toggle();
    document.getElementById("title")?.focus({ preventScroll: true });
  }
}

function regionChanged(state: State): void {
  globe.choose(state.region);
  refresh();
  const about = globe.region(state.region);
  const said = state.region ? whatIsSaid(state) : "";
  document.getElementById("region-note")?.remove();
  if (!about && !said) return;
  const text = said || wordsOf(about!);
  const note = h("div", { id: "region-note", class: "region-note", attrs: { role: "status" } }, about ? h("strong", { text: about.name }) : null, h("p", { text }),
    h("button", { class: "tool", attrs: { type: "button", "aria-label": "Close" }, on: { click: () => go({ region: "" }) } }, icon("close")));
  document.body.append(note);
  say(text);
}

function wordsOf(about: RegionProperties): string {
  const claimed = Array.isArray(about.claimed_by) ? about.claimed_by.join(", ") : about.claimed_by ?? "";
  return [`${about.name} (${about.kind})`, about.note ?? "", about.disputed && claimed ? `claimed by ${claimed}` : ""].filter(Boolean).join(". ");
}

function whatIsSaid(state: State): string {
  return { balloon: balloons.about, job: jobs.about, case: cases.about }[state.view as "balloon"]?.(state.region) ?? "";
}

function refresh(): void {
  balloonsOrNothing();
  jobs.refresh();
  cases.refresh();
}

function balloonsOrNothing(): void {
  if (now().view === "live" || now().view === "balloon") balloons.refresh();
}

function chosenBalloon(): string {
  return now().view === "balloon" ? now().id : "";
}

const grip = {
  isOpen: () => document.body.dataset["sheet"] !== "low",
  toggle: () => {
    document.body.dataset["sheet"] = grip.isOpen() ? "low" : "half";
    byId("grip").setAttribute("aria-expanded", String(grip.isOpen()));
  },
};

function listenToGrip(): void {
  let from = 0;
  let dragged = false;
  byId("grip").addEventListener("pointerdown", (event) => { from = event.clientY; dragged = false; byId("grip").setPointerCapture(event.pointerId); });
  byId("grip").addEventListener("pointerup", (event) => {
    const by = event.clientY - from;
    if (Math.abs(by) < 12) return;
    dragged = true;
    const sheet = document.body.dataset["sheet"] ?? "half";
    document.body.dataset["sheet"] = by < 0 ? (sheet === "low" ? "half" : "high") : sheet === "high" ? "half" : "low";
    byId("grip").setAttribute("aria-expanded", String(grip.isOpen()));
  });
  byId("grip").addEventListener("click", () => { if (!dragged) grip.toggle(); dragged = false; });
}

function room(): { top: number; bottom: number; left: number; right: number } {
  const panel = byId("panel").getBoundingClientRect();
  const line = byId("timeline").hidden ? 0 : byId("timeline").getBoundingClientRect().height + 20;
  const isSheet = panel.width > window.innerWidth - 30;
  return isSheet ? { top: 60, left: 0, right: 0, bottom: Math.max(0, window.innerHeight - panel.top) + line }
    : { top: 60, right: 50, left: panel.right, bottom: line };
}

paintTheme();
document.body.dataset["sheet"] = "half";
onTokenNeeded(askToken);
tools();
legend();
listenToGrip();
globe.start(theme(), {
  balloon: (id) => go({ view: "balloon", id, region: "", time: null }),
  region: (id) => go({ region: globe.countryOf(id) === now().region ? "" : globe.countryOf(id) }),
}, room);
onState(show);
show(now(), null);
onUnits(() => { tools(); legend(); globe.setScale(); refresh(); });
DARK.addEventListener("change", retheme);
byId("skip").addEventListener("click", (event) => { event.preventDefault(); byId("panel").focus(); });
window.addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLInputElement && event.target.type !== "range";
  if (event.key === "/" && !typing) { event.preventDefault(); document.getElementById("filter")?.focus(); }
  if (event.key === "Escape" && !document.querySelector("dialog[open]") && now().id) document.querySelector<HTMLElement>("#body [data-back]")?.click();
});
investigate.listen();
void loadRegions();
live.start({
  changed: () => { globe.draw("balloons", live.features(chosenBalloon())); balloons.moved(); },
  link,
  alert: (about) => {
    const text = (about as { text?: unknown; sentence?: unknown } | null)?.text ?? (about as { sentence?: unknown } | null)?.sentence;
    if (typeof text === "string") banner(text, 12_000);
  },
  failed: (message) => banner(message),
});
