// Jobs: their list, one of them while it runs, and what it found.

import { getJson, request } from "../api";
import { byId, fill, h, renew, say } from "../dom";
import { follow } from "../events";
import { extent, read, type Findings } from "../findings";
import { ago, parse, whenFull } from "../moments";
import { go, now } from "../state";
import { listed, type Job } from "../types";
import { distance, percent } from "../units";
import { ledger } from "./ledger";
import { back, fileLink } from "./parts";
import * as results from "./results";

const WORDS: Record<Job["status"], string> = { queued: "waiting", running: "running", done: "done", failed: "failed", cancelled: "cancelled" };
let stop: () => void = () => {};
let reading = new AbortController();
let job: Job | null = null;
let found: Findings | null = null;
let problem = "";

export async function openList(): Promise<void> {
  close();
  fill(byId("body"), h("p", { class: "muted", text: "Reading the jobs" }));
  try {
    const jobs = listed<Job>(await getJson<unknown>("api/jobs"), "jobs");
    if (now().view !== "jobs") return;
    const rows = jobs.map((one) => h("li", {}, h("button", { class: "row", attrs: { type: "button" }, on: { click: () => go({ view: "job", id: one.job }) } },
      h("span", { class: "name", text: one.verb }), h("span", { class: `badge ${one.status}`, text: WORDS[one.status] ?? one.status }),
      h("span", { class: "sub", text: `${ago(parse(one.made_at))} \u00b7 ${one.job}` }))));
    fill(byId("body"), rows.length ? h("ul", { class: "list", attrs: { "aria-label": "Jobs" } }, ...rows)
      : h("p", { class: "muted", text: "No job yet. Drop a file of sightings on the page to start one." }));
  } catch (failed) {
    if (now().view === "jobs") fill(byId("body"), h("p", { class: "problem", text: (failed as Error).message }));
  }
}

export function close(): void {
  stop();
  reading.abort();
  stop = () => {};
  job = found = null;
  problem = "";
  results.clear();
}

export async function openOne(id: string): Promise<void> {
  close();
  reading = new AbortController();
  const mine = reading;
  fill(byId("body"));
  render();
  try {
    take(await getJson<Job>(`api/jobs/${encodeURIComponent(id)}`, mine.signal));
  } catch (failed) {
    if (mine.signal.aborted) return;
    problem = (failed as Error).message;
    render();
    return;
  }
  if (mine.signal.aborted || isOver()) return;
  stop = follow(`api/jobs/${encodeURIComponent(id)}/events`, {
    event: (_, data) => { if (isJob(data)) take(data); },
    failed: (failed) => { problem = failed.message; render(); },
  });
}

function isJob(data: unknown): data is Job {
  return typeof data === "object" && data !== null && "status" in data && "job" in data;
}

function isOver(): boolean {
  return job !== null && job.status !== "queued" && job.status !== "running";
}

function take(next: Job): void {
  const before = job;
  job = next;
  if (before?.message !== next.message && next.message) say(`${next.verb}: ${next.message}`);
  render();
  if (!isOver() || (before && before.status === next.status)) return;
  stop();
  say(`${next.verb}: ${WORDS[next.status]}.`);
  if (next.status === "done") void load(next);
}

async function load(of: Job): Promise<void> {
  const signal = reading.signal;
  try {
    found = await read(of.files, signal);
  } catch {
    return; // another was opened meanwhile
  }
  if (signal.aborted) return;
  results.show(found, !now().camera || now().time === null);
  render();
}

/** What the open job says of a region. */
export function about(region: string): string {
  if (!found) return "";
  return results.told(found.ledger, region);
}

export function refresh(): void {
  if (now().view === "job") render();
}

function render(): void {
  const id = now().id;
  const parts: (HTMLElement | null)[] = [back("jobs", "Jobs")];
  parts.push(h("h2", { id: "title", text: job ? job.verb.charAt(0).toUpperCase() + job.verb.slice(1) : id, attrs: { tabindex: -1 } }));
  if (problem) parts.push(h("p", { class: "problem", text: problem }));
  if (job) parts.push(...standing(job));
  if (found) parts.push(...told(found));
  if (job?.files.length) parts.push(h("h3", { text: "Files" }), h("ul", { class: "files" }, ...job.files.map((file) => h("li", {}, fileLink(file.url, file.name)))));
  renew(byId("body"), ...parts);
}

function standing(of: Job): (HTMLElement | null)[] {
  const over = isOver();
  const report = of.files.find((file) => /(^|\/)report\.html$/.test(file.name));
  const error = typeof of.error === "string" ? of.error : of.error?.detail;
  return [
    h("p", { class: "standing" }, h("span", { class: `badge ${of.status}`, text: WORDS[of.status] ?? of.status }), h("span", { class: "muted", text: whenFull(parse(of.made_at)) })),
    over ? null : h("progress", { id: "progress", attrs: { max: 1, value: of.progress, "aria-label": "Progress" } }),
    of.message && !over ? h("p", { id: "message", text: `${of.message} \u00b7 ${Math.round(of.progress * 100)} %` }) : null,
    error ? h("p", { class: "problem", text: error }) : null,
    over ? null : h("button", { class: "plain", text: "Cancel", attrs: { type: "button" }, on: { click: () => void cancel(of) } }),
    report ? fileLink(report.url, "Open the report", "primary", "report") : null,
  ];
}

async function cancel(of: Job): Promise<void> {
  try {
    await request(`api/jobs/${encodeURIComponent(of.job)}`, { method: "DELETE" });
  } catch (failed) {
    problem = (failed as Error).message;
    render();
  }
}

function told(of: Findings): (HTMLElement | null)[] {
  const list = of.sentences.length ? [h("ul", { class: "sentences" }, ...of.sentences.map((text) => h("li", { text })))] : [];
  const rows = of.ledger.length
    ? [h("h3", { text: "When which country" }), ledger(of.ledger, now().region, results.chooseRow, extent(of))] : [];
  const wide = of.mean?.sdKm.length ? Math.max(...of.mean.sdKm.filter(Number.isFinite)) : NaN;
  const facts = Number.isFinite(wide) ? [h("p", { class: "muted small", text: `Standard deviation of the track: at most ${distance(wide * 1000)}.` })] : [];
  const elsewhere = [["Origin", of.origin], ["Landing", of.landing]].flatMap(([what, data]) => {
    const share = (data as { elsewhere?: unknown } | null)?.elsewhere;
    return typeof share === "number" && share > 0.005 ? [h("p", { class: "muted small", text: `${what as string}: ${percent(share)} lies outside what is drawn.` })] : [];
  });
  return [...list, ...rows, ...facts, ...elsewhere, ...of.problems.map((text) => h("p", { class: "problem", text }))];
}
