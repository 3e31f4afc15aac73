// What the response panel asks of the service, and what it is told. Times are
// seconds, lengths metres.

import type { FeatureCollection, Geometry, LineString, MultiPolygon, Polygon } from "geojson";
import { ask, plan, send } from "../service.ts";
import type { Title } from "../words.ts";

export type Place = [number, number];

// Parts are what a response time is made of.
export interface Parts { call: number; turnout: number; travel: number; access: number }

export interface OnRoad { id: number; name: string; at: Place; distance: number }

// Candidate is who may come; its distance is the straight line.
export interface Candidate {
  id: number; layer: string; code?: string; name: string; kind?: string; available?: boolean; distance: number; at?: Place;
  time?: number; parts?: Parts; road?: OnRoad | null; route?: { geometry: LineString; length: number; roads?: { id: number; name: string; length: number }[] } | null;
}

export interface ClosureName { id: number; name: string; until?: string | null }

export interface Nearest {
  synthetic?: boolean; place?: { at: Place; doubts: { kind: string; detail: string }[]; road?: OnRoad | null }; closures?: ClosureName[];
  candidates: Candidate[]; runner_up?: Candidate | null; unreachable?: number; none?: { detail: string; fix?: string };
}

type Query = Record<string, string>;

// query is an address with what has a value.
export function query(path: string, pairs: Query): string {
  return `${path}?${new URLSearchParams(Object.entries(pairs).filter(([, v]) => v !== ""))}`;
}

export const loadNearest = (pairs: Query, signal: AbortSignal) => ask<Nearest>(query("nearest", pairs), { signal });

// Drawing is what a closure covers.
export interface Drawing { geometry?: LineString | Polygon; roads?: string[] }

export interface ClosureFields { name: string; reason?: string; since?: string; until?: string; traffic?: string }

export interface Closure {
  id: number; geometry: Geometry | null;
  properties: { name: string; reason?: string; since?: string | null; until?: string | null; traffic?: string; roads?: string[]; state: "active" | "coming" | "past"; edges: number; length: number; closed_roads?: { id: number; name: string }[]; doubts?: { kind: string; detail: string }[]; actions?: string[] };
}

export const loadClosures = (signal: AbortSignal) => ask<{ features: Closure[]; now: string; active: number[] }>("closures", { signal });

export const fileClosure = (closure: ClosureFields & Drawing) => ask<Closure>("closures", { method: "POST", body: closure });

// endClosure ends a closure now, as the reader saw it.
export async function endClosure(id: number, now: Date): Promise<void> {
  const tag = (await send(`closures/${id}`)).headers.get("ETag");
  await send(`closures/${id}`, { method: "PATCH", body: { until: now.toISOString() }, revision: tag?.replaceAll('"', "") });
}

// dropClosure takes back one that has not begun.
export async function dropClosure(id: number): Promise<void> {
  const tag = (await send(`closures/${id}`)).headers.get("ETag");
  await send(`closures/${id}`, { method: "DELETE", revision: tag?.replaceAll('"', "") });
}

export interface Responder { id: number; name: string; time: number }

export interface ChangedPoint { id: number; code?: string; name?: string; at: Place; level?: string | null; before: Responder | null; after: Responder | null; delay: number | null }

export interface Changed { layer: string; asked: number; count: number; slower: number; other_station: number; unreachable: number; mean_delay: number; worst_delay: number; points: ChangedPoint[]; listed: number }

export interface ClosurePreview {
  edges: { count: number; length: number }; closed: FeatureCollection; roads: { id: number; name: string; length: number }[];
  changed: Changed; people: { later: number; unreachable: number; withheld?: number } | null; closures?: ClosureName[];
}

export const previewClosure = (body: Drawing & { [name: string]: unknown }, signal: AbortSignal) => plan<ClosurePreview>("closures/preview", body, signal);

export interface Area {
  type: "Feature"; geometry: MultiPolygon | Polygon | null; // none where a station is first nowhere
  properties: { station: number | null; code?: string; name?: string; kind?: string; people: number; people_share: number; road_length: number; road_share: number; area: number; buildings?: number };
}

export interface Areas { features: Area[]; totals: { people: number; road_length: number; unserved: { people: number; road_length: number } } }

export const loadAreas = (pairs: Query, signal: AbortSignal) => ask<Areas>(query("response/areas", pairs), { signal });

// Beyond is how much lies beyond a time; the unreachable are among them.
export interface Beyond { count: number; beyond: number; unreachable?: number; by_level?: Record<string, number> }

export interface BeyondFigures { risk_points?: Beyond; residents?: Beyond; buildings?: Beyond }

export interface BeyondUnit extends BeyondFigures { level: string; code: string; name: string }

export interface BeyondAnswer { levels: { value: string | null; title?: Title; color?: string }[]; units: BeyondUnit[]; totals: BeyondFigures }

export const loadBeyond = (pairs: Query, signal: AbortSignal) => ask<BeyondAnswer>(query("response/beyond", pairs), { signal });

// Served is what a station is first at, and how that is without it.
export interface Served { served: number; unreachable?: number; mean_delay?: number; worst_delay?: number; beyond_before: number; beyond_after: number }

export interface Heir { id: number; code?: string; name: string; risk_points: number; residents?: number; mean_delay: number; worst_delay: number }

export interface Without { station: { id: number; name: string }; risk_points?: Served; residents?: Served; buildings?: Served; inherited: Heir[] }

export const loadWithout = (pairs: Query, signal: AbortSignal) => ask<Without>(query("response/without", pairs), { signal });

// Benefit is what lies beyond the minutes, and the mean time.
export interface Benefit { beyond: number; unreachable: number; mean_time: number }

export interface Site { rank: number; at: Place; name?: string; road?: string; grid?: { code: string; name: string } | null; with: Benefit; gain: number; saved: number }

// Additional is where one more station would be best, each place by itself.
export interface Additional { candidates: number; weight: number; now: Benefit; best: Site[] }

export const loadAdditional = (pairs: Query, signal: AbortSignal) => ask<Additional>(query("response/additional", pairs), { signal });
