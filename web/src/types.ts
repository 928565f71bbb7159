// Shapes of the server's answers; docs/reference/api.md describes them.

import type { FeatureCollection, Geometry } from "geojson";

export interface Balloon {
  balloon: string;
  lon: number;
  lat: number;
  seen_at: string;
  altitude_m: number | null;
  vertical_speed_ms?: number | null;
  speed_ms?: number | null;
  track_deg?: number | null;
  known_launch?: boolean | string | null;
  source?: string | null;
  radius_90_m?: number | null;
}

export interface RegionAhead {
  region: string;
  name: string;
  kind: string;
  disputed: boolean;
  probability: number;
  enters_at: { p05: string; p50: string; p95: string };
}

export interface BalloonDetail {
  balloon: string;
  positions: [string, number, number, number | null][];
  cone: FeatureCollection | null;
  regions: RegionAhead[];
}

export interface JobFile {
  name: string;
  url: string;
  media_type: string;
}

export interface Job {
  job: string;
  verb: string;
  status: "queued" | "running" | "done" | "failed" | "cancelled";
  progress: number;
  message: string;
  made_at: string;
  files: JobFile[];
  error: string | { detail?: string } | null;
}

export interface CaseSummary {
  case: string;
  title: string;
  made_at?: string;
  records?: number;
}

export interface CaseRecord {
  number?: number;
  id?: number;
  kind: string;
  made_at: string;
  author: string;
  label?: string;
  body: Record<string, unknown> | null;
}

export interface Bearing {
  record: number;
  finding: string;
  direction: "supports" | "contradicts" | "neither";
  strength: string;
  probability: [number, number] | null;
  sentence: string;
}

export interface WeighedClaim {
  record: number;
  claim: { party: string; subject: string } & Record<string, unknown>;
  outcome: string;
  bearings: Bearing[];
  sentence?: string;
}

export interface RegionProperties {
  id: string;
  region?: string;
  name: string;
  kind: string;
  administered_by?: string;
  claimed_by?: string[] | string;
  note?: string;
  disputed?: boolean;
}

export type Regions = FeatureCollection<Geometry, RegionProperties>;

/** A list that a server may give bare, or under a name. */
export function listed<T>(given: unknown, name: string): T[] {
  if (Array.isArray(given)) return given as T[];
  const inner = (given as Record<string, unknown> | null)?.[name];
  return Array.isArray(inner) ? (inner as T[]) : [];
}
