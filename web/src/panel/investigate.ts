// Sightings dropped on the page, or chosen: a few questions, and a job begins.

import { request } from "../api";
import { byId, fill, h } from "../dom";
import { sightingsOf } from "../findings";
import { EMPTY, positions } from "../geometry";
import * as globe from "../map/globe";
import { go } from "../state";
import { dialog } from "./parts";

const LARGEST = 256 * 1024 * 1024;

export function listen(): void {
  let depth = 0;
  const curtain = byId("drop");
  const holds = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  const lift = () => { depth = 0; curtain.hidden = true; };
  window.addEventListener("dragenter", (event) => { if (holds(event)) { event.preventDefault(); depth++; curtain.hidden = false; } });
  window.addEventListener("dragleave", (event) => { if (holds(event) && --depth <= 0) lift(); });
  window.addEventListener("dragover", (event) => { if (holds(event)) event.preventDefault(); });
  window.addEventListener("drop", (event) => {
    if (!holds(event)) return;
    event.preventDefault();
    lift();
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length) ask(files);
  });
}

export function ask(given: File[] = []): void {
  let files = given;
  const names = h("ul", { class: "files", id: "chosen-files" });
  const problem = h("p", { class: "problem", hidden: true, attrs: { role: "alert" } });
  const chooser = h("input", { id: "sightings", attrs: { type: "file", multiple: true } });
  const number = (id: string, label: string, value: number, max: number) =>
    h("label", { class: "field" }, label, h("input", { id, attrs: { type: "number", value, min: 1, max, required: true } }));
  const submit = h("button", { class: "primary", id: "start", text: "Start", attrs: { type: "submit" } });
  const form = h("form", {}, h("label", { class: "field" }, "Files of sightings: CSV, GeoJSON, KML, GPX and others", chooser), names,
    h("div", { class: "fields" }, number("back", "Hours before the first", 24, 2400), number("ahead", "Hours after the last", 24, 2400), number("members", "Members", 200, 10_000)),
    h("label", { class: "field" }, "Winds, as the server names them", h("input", { id: "winds", attrs: { type: "text", placeholder: "those of the server", autocomplete: "off" } })), problem, submit);
  const show = () => {
    fill(names, ...files.map((file) => h("li", { text: `${file.name} (${Math.ceil(file.size / 1024)} KiB)` })));
    submit.disabled = !files.length;
    void preview(files);
  };
  chooser.addEventListener("change", () => { files = [...(chooser.files ?? [])]; show(); });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit.disabled = true;
    send(files, form).then((job) => { made.close(); go({ view: "job", id: job, region: "", time: null, camera: null }); })
      .catch((failed: Error) => { problem.textContent = failed.message; problem.hidden = false; submit.disabled = false; });
  });
  const made = dialog("Investigate sightings", form);
  show();
  (given.length ? submit : chooser).focus();
}

async function preview(files: File[]): Promise<void> {
  const table = files.find((file) => /\.(csv|tsv)$/i.test(file.name) && file.size < 2_000_000);
  if (!table) return;
  const points = sightingsOf(await table.text());
  globe.draw("sightings", points.features.length ? points : EMPTY);
  globe.fit(points.features.flatMap((one) => [...positions(one.geometry)]));
}

async function send(files: File[], form: HTMLFormElement): Promise<string> {
  const value = (id: string) => form.querySelector<HTMLInputElement>(`#${id}`)!.value;
  const heavy = files.find((file) => file.size > LARGEST);
  if (heavy) throw new Error(`${heavy.name}: larger than 256 MiB`);
  const options: Record<string, unknown> = { "hours-back": Number(value("back")), "hours-ahead": Number(value("ahead")), members: Number(value("members")) };
  if (value("winds").trim()) options["winds"] = value("winds").trim();
  const body = new FormData();
  body.append("options", JSON.stringify(options));
  for (const file of files) body.append("files", file, file.name);
  const job = (await (await request("api/jobs/investigate", { method: "POST", body })).json()) as { job: string };
  return job.job;
}
