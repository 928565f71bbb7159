// Requests to the server that gave the page, and to no other.

export class ApiError extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

const KEY = "overflight.token";
const root = new URL(".", document.baseURI);
let token = sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY) ?? "";
let asking: Promise<string | null> | null = null;
let ask: (wasRefused: boolean) => Promise<{ token: string; keep: boolean } | null> = async () => null;

export function onTokenNeeded(asker: typeof ask): void {
  ask = asker;
}

export function hasToken(): boolean {
  return token !== "";
}

/** Return the address of something on this server; what lies elsewhere is refused, for the token goes with it. */
export function here(path: string): string {
  const url = new URL(path.replace(/^\//, ""), root);
  if (url.origin !== root.origin) throw new ApiError(0, `${path}: an address on another server`);
  return url.href;
}

export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const url = here(path);
  for (;;) {
    const sent = token;
    const headers = new Headers(init.headers);
    if (sent) headers.set("Authorization", `Bearer ${sent}`);
    const response = await fetch(url, { ...init, headers, cache: "no-store", credentials: "same-origin" });
    if (response.status === 401) {
      if ((await newToken(sent)) !== null) continue;
      throw new ApiError(401, "A token is needed to read this.");
    }
    if (!response.ok) throw new ApiError(response.status, await reason(response));
    return response;
  }
}

/** Ask for a token, once for all requests that wait; one that was entered meanwhile serves too. */
async function newToken(sent: string): Promise<string | null> {
  if (token !== sent) return token;
  asking ??= ask(sent !== "").then((given) => {
    asking = null;
    if (!given) return null;
    token = given.token;
    sessionStorage.setItem(KEY, token);
    if (given.keep) localStorage.setItem(KEY, token);
    else localStorage.removeItem(KEY);
    return token;
  });
  return asking;
}

async function reason(response: Response): Promise<string> {
  const text = await response.text().catch(() => "");
  const wait = response.headers.get("Retry-After");
  const later = wait ? ` Try again in ${wait} s.` : "";
  try {
    const problem = JSON.parse(text) as { detail?: unknown; title?: unknown };
    for (const said of [problem.detail, problem.title]) if (typeof said === "string" && said) return said + later;
  } catch {
    // no problem+json: the status says what there is to say
  }
  return `The server answered ${response.status}.${later}`;
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await request(path, { signal })).json()) as T;
}

export async function getText(path: string, signal?: AbortSignal): Promise<string> {
  return (await request(path, { signal })).text();
}

/** Let this browser open one file by itself, for half a minute. */
export async function allow(path: string): Promise<void> {
  await request("api/passes", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ path }) });
}
