// After a build: licences beside the page, and what it was built from, so that a test can tell when it was not built anew.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const PAGE = "../src/overflight/serve/page";
const INPUTS = ["index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "finish.mjs"];

function under(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? under(path) : [path];
  });
}

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

// No address of a registry is kept: the digests say what belongs there.
const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
for (const one of Object.values(lock.packages)) delete one.resolved;
writeFileSync("package-lock.json", JSON.stringify(lock, null, 2) + "\n");

const parts = Object.entries(lock.packages)
  .filter(([path, about]) => path.startsWith("node_modules/") && !about.dev)
  .map(([path, about]) => ({ name: path.replace(/^.*node_modules\//, ""), version: about.version, path }))
  .sort((a, b) => (a.name < b.name ? -1 : 1));
let notice = "This page contains the following, each under its own licence. Everything else of it is part of overflight (Apache-2.0).\n";
for (const { name, version, path } of parts) {
  const about = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
  if (name.startsWith("@types/")) continue;
  const file = readdirSync(path).find((one) => /^(licen[cs]e|copying)/i.test(one));
  const text = file ? readFileSync(join(path, file), "utf8").trim() : `Licence: ${about.license}`;
  notice += `\n${"-".repeat(80)}\n${name} ${version} (${about.license})\n\n${text}\n`;
}
writeFileSync(join(PAGE, "NOTICE.txt"), notice.replace(/[ \t]+$/gm, ""));

const sources = [...INPUTS, ...under("src")].sort();
const digest = sha256(sources.map((path) => `${sha256(readFileSync(path))}  ${path.replaceAll("\\", "/")}\n`).join(""));
const files = Object.fromEntries(readdirSync(PAGE).filter((name) => name !== "built.json").sort().map((name) => [name, sha256(readFileSync(join(PAGE, name)))]));
writeFileSync(join(PAGE, "built.json"), JSON.stringify({ sources: digest, files }, null, 2) + "\n");
