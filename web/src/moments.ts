// Times are UTC, everywhere.

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (n: number) => String(n).padStart(2, "0");

/** Milliseconds of an ISO time; one without an offset is UTC. NaN where it is none. */
export function parse(text: unknown): number {
  if (typeof text !== "string" || text === "") return NaN;
  return Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text.replace(" ", "T")}Z`);
}

export function iso(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

export function clock(ms: number): string {
  const t = new Date(ms);
  return `${two(t.getUTCHours())}:${two(t.getUTCMinutes())}`;
}

export function day(ms: number): string {
  const t = new Date(ms);
  return `${t.getUTCDate()} ${MONTHS[t.getUTCMonth()]}`;
}

/** "3 Feb 14:20"; with the year where it is not this one. */
export function when(ms: number): string {
  if (!Number.isFinite(ms)) return "not known";
  const year = new Date(ms).getUTCFullYear();
  return `${day(ms)}${year === new Date().getUTCFullYear() ? "" : ` ${year}`} ${clock(ms)}`;
}

export function whenFull(ms: number): string {
  return Number.isFinite(ms) ? `${day(ms)} ${new Date(ms).getUTCFullYear()} ${clock(ms)} UTC` : "not known";
}

function span(ms: number): string {
  const minutes = Math.round(Math.abs(ms) / 60_000);
  if (minutes < 1) return `${Math.max(1, Math.round(Math.abs(ms) / 1000))} s`;
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
  return `${Math.round(minutes / 1440)} days`;
}

export function ago(ms: number, now = Date.now()): string {
  if (!Number.isFinite(ms)) return "not known";
  return ms <= now ? `${span(now - ms)} ago` : `in ${span(ms - now)}`;
}

export function hours(h: number): string {
  return span(h * 3_600_000);
}
