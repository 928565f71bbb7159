// Cases: what parties claim, beside what was found, how strongly; and the records in order.

import { getJson } from "../api";
import { byId, fill, h, renew } from "../dom";
import { crossings, extent, read as readFiles, type Crossing, type Findings } from "../findings";
import { parse, when, whenFull } from "../moments";
import { go, now } from "../state";
import { listed, type CaseRecord, type CaseSummary, type JobFile, type WeighedClaim } from "../types";
import { place } from "../units";
import { ledger } from "./ledger";
import { back, fileLink } from "./parts";
import * as results from "./results";

interface Open {
  title: string;
  records: CaseRecord[];
  claims: WeighedClaim[];
  parties: string[];
  crossings: Crossing[];
  files: JobFile[];
  found: Findings | null;
}

const OUTCOMES: Record<string, string> = {
  supported: "Findings support it", contradicted: "Findings contradict it", mixed: "Findings do not agree",
  open: "Cannot be tested with what is known", untestable: "Not testable by this tool",
};
const SIGNS: Record<string, string> = { supports: "\u25b2 supports", contradicts: "\u25bc contradicts", neither: "\u25cf says nothing of" };
let open: Open | null = null;
let reading = new AbortController();

export function close(): void {
  reading.abort();
  open = null;
  results.clear();
}

export async function openList(): Promise<void> {
  open = null;
  fill(byId("body"), h("p", { class: "muted", text: "Reading the cases" }));
  try {
    const cases = listed<CaseSummary>(await getJson<unknown>("api/cases"), "cases");
    if (now().view !== "cases") return;
    const rows = cases.map((one) => h("li", {}, h("button", { class: "row", attrs: { type: "button" }, on: { click: () => go({ view: "case", id: one.case }) } },
      h("span", { class: "name", text: one.title || one.case }), h("span", { class: "sub", text: one.made_at ? whenFull(parse(one.made_at)) : one.case }))));
    fill(byId("body"), rows.length ? h("ul", { class: "list", attrs: { "aria-label": "Cases" } }, ...rows) : h("p", { class: "muted", text: "No case is kept here." }));
  } catch (failed) {
    if (now().view === "cases") fill(byId("body"), h("p", { class: "problem", text: (failed as Error).message }));
  }
}

export async function openOne(id: string): Promise<void> {
  close();
  reading = new AbortController();
  const { signal } = reading;
  fill(byId("body"), back("cases", "Cases"), h("p", { class: "muted", text: "Reading the case" }));
  try {
    const data = await getJson<Record<string, unknown>>(`api/cases/${encodeURIComponent(id)}`, signal);
    if (now().view !== "case" || now().id !== id) return;
    open = read(data, id);
    fill(byId("body"));
    render();
    await draw(open, signal);
  } catch (failed) {
    if (!signal.aborted && now().id === id) fill(byId("body"), back("cases", "Cases"), h("p", { class: "problem", text: (failed as Error).message }));
  }
}

/** Draw what lies in the case's folder: the paths, where it came from, where it went. */
async function draw(of: Open, signal: AbortSignal): Promise<void> {
  const files = of.files.filter((file) => /\.geojson$|^(track|sightings)\.csv$/.test(file.name));
  const found = await readFiles(files, signal);
  if (signal.aborted) return;
  of.found = found;
  results.show(found, !now().camera || now().time === null);
  render();
}

function read(data: Record<string, unknown>, id: string): Open {
  const records = listed<CaseRecord>(data["list"] ?? data["records"], "records");
  const found = records.filter((r) => r.kind === "finding" && r.body?.["name"] === "ledger").pop();
  const result = found?.body?.["result"] as { crossings?: unknown } | undefined;
  const parties = listed<string | { party?: string; name?: string }>(data["parties"], "parties")
    .map((one) => (typeof one === "string" ? one : one.party ?? one.name ?? "")).filter(Boolean);
  return { title: String(data["title"] ?? id), records, claims: listed<WeighedClaim>(data["claims"], "claims"), parties, crossings: crossings(result?.crossings),
    files: listed<JobFile>(data["files"], "files"), found: null };
}

export function about(region: string): string {
  return open ? results.told(open.crossings, region) : "";
}

export function refresh(): void {
  if (now().view === "case") render();
}

function render(): void {
  if (!open) return;
  const id = encodeURIComponent(now().id);
  const parts: HTMLElement[] = [back("cases", "Cases"), h("h2", { id: "title", text: open.title, attrs: { tabindex: -1 } })];
  if (open.parties.length) parts.push(h("p", { class: "muted", text: `Parties: ${open.parties.join(", ")}` }));
  parts.push(h("p", { class: "links" }, fileLink(`api/cases/${id}/report.html`, "Report", "", "report"), fileLink(`api/cases/${id}/report.pdf`, "as PDF")));
  parts.push(h("h3", { text: "Claims beside findings" }));
  parts.push(open.claims.length ? h("ul", { class: "claims" }, ...open.claims.map(claim)) : h("p", { class: "muted", text: "No claim is recorded." }));
  if (open.crossings.length) {
    parts.push(h("h3", { text: "When which country" }), ledger(open.crossings, now().region, results.chooseRow, open.found && extent(open.found)));
  }
  for (const text of open.found?.problems ?? []) parts.push(h("p", { class: "problem", text }));
  parts.push(h("h3", { text: "Records" }), h("ol", { class: "records" }, ...open.records.map(record)));
  renew(byId("body"), ...parts);
}

function claim(one: WeighedClaim): HTMLElement {
  const said = one.sentence ? one.sentence.split(": ")[0]! : `${one.claim.party}: ${one.claim.subject}`;
  return h("li", { class: `claim ${one.outcome}` },
    h("p", { class: "claim-said", text: `${said}.` }),
    h("p", { class: "outcome", text: OUTCOMES[one.outcome] ?? one.outcome }),
    h("ul", {}, ...(one.bearings ?? []).map((b) => h("li", { class: b.direction },
      h("span", { class: "direction", text: `${SIGNS[b.direction] ?? b.direction} ${b.direction === "neither" ? "it" : "it " + (b.strength || "")}`.trim() }),
      h("span", { text: `${b.sentence} (${b.finding.replaceAll("_", " ")}, record ${b.record})` })))));
}

/** Of a sighting: when and where. */
function seen(body: Record<string, unknown>): string {
  const { time, lat, lon } = body;
  return typeof time === "string" && typeof lat === "number" && typeof lon === "number" ? `${whenFull(parse(time))}, ${place(lon, lat)}` : "";
}

function record(one: CaseRecord): HTMLElement {
  const body = one.body ?? {};
  const words = one.body === null ? "redacted" : [body["title"], body["text"], body["words"], body["name"], seen(body), one.label].find((v) => typeof v === "string" && v);
  return h("li", { attrs: { value: one.number ?? one.id } }, h("span", { class: "kind", text: one.kind }), h("span", { text: words ? String(words) : "" }),
    h("span", { class: "sub", text: `${when(parse(one.made_at))} \u00b7 ${one.author}` }));
}
