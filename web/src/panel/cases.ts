// Cases: what parties claim, beside what was found, how strongly; and the records in order.

import { getJson, here } from "../api";
import { byId, fill, h, renew } from "../dom";
import { crossings, type Crossing } from "../findings";
import * as globe from "../map/globe";
import { parse, when, whenFull } from "../moments";
import { go, now } from "../state";
import { listed, type CaseRecord, type CaseSummary, type WeighedClaim } from "../types";
import { ledger, sentence } from "./ledger";
import { back } from "./parts";

interface Open {
  title: string;
  records: CaseRecord[];
  claims: WeighedClaim[];
  parties: string[];
  crossings: Crossing[];
}

const OUTCOMES: Record<string, string> = {
  supported: "Findings support it", contradicted: "Findings contradict it", mixed: "Findings do not agree",
  open: "Cannot be tested with what is known", untestable: "Not testable by this tool",
};
const SIGNS: Record<string, string> = { supports: "\u25b2 supports", contradicts: "\u25bc contradicts", neither: "\u25cf says nothing of" };
let open: Open | null = null;

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
  open = null;
  fill(byId("body"), back("cases", "Cases"), h("p", { class: "muted", text: "Reading the case" }));
  try {
    const data = await getJson<Record<string, unknown>>(`api/cases/${encodeURIComponent(id)}`);
    if (now().view !== "case" || now().id !== id) return;
    open = read(data, id);
    fill(byId("body"));
    render();
  } catch (failed) {
    if (now().id === id) fill(byId("body"), back("cases", "Cases"), h("p", { class: "problem", text: (failed as Error).message }));
  }
}

function read(data: Record<string, unknown>, id: string): Open {
  const records = listed<CaseRecord>(data["list"] ?? data["records"], "records");
  const found = records.filter((r) => r.kind === "finding" && r.body?.["name"] === "ledger").pop();
  const result = found?.body?.["result"] as { crossings?: unknown } | undefined;
  const parties = listed<string | { party?: string; name?: string }>(data["parties"], "parties")
    .map((one) => (typeof one === "string" ? one : one.party ?? one.name ?? "")).filter(Boolean);
  return { title: String(data["title"] ?? id), records, claims: listed<WeighedClaim>(data["claims"], "claims"), parties, crossings: crossings(result?.crossings) };
}

export function about(region: string): string {
  const row = open?.crossings.find((one) => one.id === region);
  if (row) return sentence(row);
  return open?.crossings.length ? `${globe.region(region)?.name ?? region}: not crossed by any member.` : "";
}

export function refresh(): void {
  if (now().view === "case") render();
}

function render(): void {
  if (!open) return;
  const id = encodeURIComponent(now().id);
  const parts: HTMLElement[] = [back("cases", "Cases"), h("h2", { id: "title", text: open.title, attrs: { tabindex: -1 } })];
  if (open.parties.length) parts.push(h("p", { class: "muted", text: `Parties: ${open.parties.join(", ")}` }));
  parts.push(h("p", { class: "links" }, h("a", { text: "Report", attrs: { href: here(`api/cases/${id}/report.html`), target: "_blank", rel: "noopener" } }),
    h("a", { text: "as PDF", attrs: { href: here(`api/cases/${id}/report.pdf`), target: "_blank", rel: "noopener" } })));
  parts.push(h("h3", { text: "Claims beside findings" }));
  parts.push(open.claims.length ? h("ul", { class: "claims" }, ...open.claims.map(claim)) : h("p", { class: "muted", text: "No claim is recorded." }));
  if (open.crossings.length) {
    parts.push(h("h3", { text: "When which country" }), ledger(open.crossings, now().region, (row) => {
      go({ region: now().region === row.id ? "" : row.id });
      globe.fitRegion(row.id);
    }, null));
  }
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

function record(one: CaseRecord): HTMLElement {
  const body = one.body ?? {};
  const words = one.body === null ? "redacted" : [body["title"], body["text"], body["words"], body["name"], one.label].find((v) => typeof v === "string" && v);
  return h("li", { attrs: { value: one.number ?? one.id } }, h("span", { class: "kind", text: one.kind }), h("span", { text: words ? String(words) : "" }),
    h("span", { class: "sub", text: `${when(parse(one.made_at))} \u00b7 ${one.author}` }));
}
