// Numbers from the server are SI; this is the only place that turns them into words.

export type System = "si" | "aviation";

let system: System = localStorage.getItem("overflight.units") === "aviation" ? "aviation" : "si";
const listeners: (() => void)[] = [];

export function units(): System {
  return system;
}

export function setUnits(chosen: System): void {
  system = chosen;
  localStorage.setItem("overflight.units", chosen);
  for (const listener of listeners) listener();
}

export function onUnits(listener: () => void): void {
  listeners.push(listener);
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const one = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const UNKNOWN = "not known";

function known(value: number | null | undefined): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

export function altitude(m: number | null | undefined): string {
  if (!known(m)) return UNKNOWN;
  return system === "si" ? `${whole.format(Math.round(m / 10) * 10)} m` : `${whole.format(Math.round(m / 30.48) * 100)} ft`;
}

export function speed(ms: number | null | undefined): string {
  if (!known(ms)) return UNKNOWN;
  return system === "si" ? `${one.format(ms)} m/s` : `${whole.format(ms / 0.514444)} kt`;
}

export function climb(ms: number | null | undefined): string {
  if (!known(ms)) return UNKNOWN;
  const sign = ms > 0 ? "+" : ms < 0 ? "\u2212" : "";
  const size = Math.abs(ms);
  return sign + (system === "si" ? `${one.format(size)} m/s` : `${whole.format(Math.round(size / 0.00508 / 10) * 10)} ft/min`);
}

export function distance(m: number | null | undefined): string {
  if (!known(m)) return UNKNOWN;
  const [size, name] = system === "si" ? (m < 1000 ? [m, "m"] : [m / 1000, "km"]) : m < 1852 ? [m / 0.3048, "ft"] : [m / 1852, "NM"];
  return `${(size < 10 && name !== "m" ? one : whole).format(size)} ${name}`;
}

export function course(degrees: number | null | undefined): string {
  return known(degrees) ? `${String(Math.round(((degrees % 360) + 360) % 360)).padStart(3, "0")}\u00b0` : UNKNOWN;
}

export function place(lon: number, lat: number): string {
  const part = (value: number, positive: string, negative: string) =>
    `${Math.abs(value).toFixed(2)}\u00b0 ${value < 0 ? negative : positive}`;
  return `${part(lat, "N", "S")}, ${part(lon, "E", "W")}`;
}

/** A share as whole percent; never 0 % or 100 % of what is only sampled. */
export function percent(share: number | null | undefined): string {
  if (!known(share)) return UNKNOWN;
  if (share > 0.99) return "> 99 %";
  if (share < 0.01) return "< 1 %";
  return `${Math.round(share * 100)} %`;
}

/** The two ends of an altitude scale, without repeating the unit. */
export function altitudeScale(): [string, string, string] {
  return system === "si" ? ["0", "20", "40 km"] : ["0", "65", "130 kft"];
}
