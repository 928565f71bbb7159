// Server-sent events read by fetch: EventSource sends no Authorization, and does not tell when the server is gone.

import { ApiError, request } from "./api";

export type Link = "connecting" | "open" | "lost";

export interface Followed {
  /** An event came. */
  event: (name: string, data: unknown) => void;
  /** The connection changed; `again` where it had been open before. `retryAt` says when it is tried next. */
  link?: (link: Link, about: { again: boolean; retryAt?: number }) => void;
  /** It cannot go on: the server says that there is no such thing. */
  failed?: (problem: ApiError) => void;
}

const SILENCE_MS = 40_000; // the server writes a comment every 15 s
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;

/** Follow a stream and come back to it whenever it breaks. Returns what ends it. */
export function follow(path: string, to: Followed): () => void {
  const stop = new AbortController();
  void run(path, to, stop.signal);
  return () => stop.abort();
}

async function run(path: string, to: Followed, stopped: AbortSignal): Promise<void> {
  let lastId = "";
  let wait = FIRST_WAIT_MS;
  let again = false;
  while (!stopped.aborted) {
    to.link?.("connecting", { again });
    const one = new AbortController();
    const end = () => one.abort();
    stopped.addEventListener("abort", end);
    try {
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (lastId) headers["Last-Event-ID"] = lastId;
      const response = await request(path, { headers, signal: one.signal });
      to.link?.("open", { again });
      again = true;
      wait = FIRST_WAIT_MS;
      await read(response, one, (name, data, id) => {
        if (id !== null) lastId = id;
        if (!stopped.aborted) to.event(name, data);
      });
    } catch (problem) {
      if (stopped.aborted) return;
      if (problem instanceof ApiError && problem.status < 500 && problem.status !== 429) {
        to.failed?.(problem);
        return;
      }
    } finally {
      stopped.removeEventListener("abort", end);
    }
    if (stopped.aborted) return;
    to.link?.("lost", { again, retryAt: Date.now() + wait });
    await pause(wait * (0.8 + 0.4 * Math.random()), stopped);
    wait = Math.min(LONGEST_WAIT_MS, wait * 2);
  }
}

function pause(ms: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      stopped.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    window.addEventListener("online", done);
    stopped.addEventListener("abort", done);
  });
}

type Take = (name: string, data: unknown, id: string | null) => void;

async function read(response: Response, one: AbortController, take: Take): Promise<void> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) return;
  let rest = "";
  let timer = setTimeout(() => one.abort(), SILENCE_MS);
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => one.abort(), SILENCE_MS);
      const blocks = (rest + value).split(/\r\n\r\n|\n\n|\r\r/);
      rest = blocks.pop() ?? "";
      for (const block of blocks) deliver(block, take);
    }
  } finally {
    clearTimeout(timer);
  }
}

function deliver(block: string, take: Take): void {
  let name = "message";
  let id: string | null = null;
  const data: string[] = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    const colon = line.indexOf(":");
    if (colon === 0) continue;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") name = value;
    else if (field === "id") id = value;
    else if (field === "data") data.push(value);
  }
  if (!data.length) return;
  let read: unknown;
  try {
    read = JSON.parse(data.join("\n"));
  } catch {
    return; // half a message of a server that went down
  }
  take(name, read, id);
}
