// What the coverage panel asks of the service, and what it is told. Lengths
// are metres, areas square metres.

import type { LineString, Polygon } from "geojson";
import { ask, plan, send } from "../service.ts";
import type { Title } from "../words.ts";

export type Place = [number, number];

export interface Choice { value: string; title: Title; total?: number; note?: Title }

export interface Rule {
  code: string; name: string; name_en?: string; class?: string; area_per_person: number | null; radius: number | null; walking_minutes: number | null; share: number | null;
  document?: string; clause?: string; dated?: string | null; certainty?: string; note?: string; note_en?: string;
}

export interface Rules { rules: Rule[]; hazards: Choice[]; populations: Choice[]; methods: Choice[]; reaches: Choice[] }

export const loadRules = (signal: AbortSignal) => ask<Rules>("coverage/rules", { signal });

export interface Added { name: string; at: Place; area: number; setting: "indoor" | "outdoor" }

// Scenario is how the shelters would be otherwise.
export interface Scenario {
  base?: number; rule?: string; add?: Added[]; close?: string[]; enlarge?: { shelter: string; area: number }[]; move?: { shelter: string; at: Place }[];
  block?: ({ line: LineString } | { area: Polygon } | { road: number })[]; adjustment?: number;
}

// Question is what coverage is asked with; what is left out the service
// chooses.
export interface Question {
  rule?: string; hazard?: string; population?: string; share?: number; reach?: string; radius?: number; walking_minutes?: number; area_per_person?: number;
  exposure?: unknown; scenario?: number | Scenario;
}

export interface Unit {
  level: string; code: string; name: string; population: number; demand: number; covered: number; uncovered: number; capacity: number | null; area_located: number; area_reachable: number;
  per_capita_located: number | null; per_capita_reachable: number | null; target_area: number | null; deficit: number | null; k_coverage?: number[]; shelters: number;
  accessibility?: number | null; served?: number; unserved?: number; unreached?: number; overflow?: number; walking?: number | null; delta?: Partial<Record<string, number | null>>;
}

export interface Facility {
  id: number; layer: string; code: string; name: string; at: Place; setting: string; class: string; area: number; capacity: number | null; eligible: boolean; excluded?: string | null; reason?: Title;
  reached?: number; load?: number; free?: number; ratio?: number | null; change?: string;
}

export interface Bottleneck { shelters: string[]; units: string[]; unserved: number; area_needed?: number | null; relief?: { shelter: string; people: number; area: number }[]; text: Title }

export interface Coverage {
  synthetic?: boolean; parameters: Record<string, unknown>; excluded?: Record<string, number>; rule: Rule; demand: { population: string; title: Title; people: number; share: number; demand: number; note?: Title };
  totals: Unit; units: Unit[]; worst: string[]; facilities: Facility[]; bottlenecks?: Bottleneck[]; definitions?: Record<string, Title>;
  scenario?: { id: number | null; name?: string; changes: Title[] }; today?: Unit; difference?: Partial<Record<string, number | null>>;
}

export const loadCoverage = (question: Question & { by: string; method: string }, signal: AbortSignal) => plan<Coverage>("coverage", question, signal);

export interface TraceFacility {
  id: number; code: string; name: string; at: Place; setting: string; class: string; area: number; capacity: number | null; clause?: string; people: number; share: number; served?: number; accessibility?: number | null;
  distance: { min: number; mean: number; max: number };
}

export interface Uncovered { id: number; code: string; name?: string; people: number; at: Place; nearest?: { code: string; name: string; distance: number } | null; reason: string }

export interface Trace { facilities: TraceFacility[]; uncovered: Uncovered[]; uncovered_more?: number; words?: Title }

export const loadUnit = (question: Question & { by: string; method: string; unit: string }, signal: AbortSignal) => plan<{ unit: Unit; trace: Trace; rule: Rule }>("coverage/unit",
  question, signal);

export interface Saved { id: number; name: string; description?: string; revision: number; author?: string; updated?: string; changes: Scenario; may?: string[] }

export const loadScenarios = (signal: AbortSignal) => ask<{ scenarios: Saved[] }>("scenarios", { signal });

export const saveScenario = (name: string, changes: Scenario) => ask<Saved>("scenarios", { method: "POST", body: { name, changes } });

export const dropScenario = (s: Saved) => send(`scenarios/${s.id}`, { method: "DELETE", revision: s.revision });

export interface SiteCandidate { id: number; code: string; name: string; at: Place; area: number; capacity?: number | null; excluded?: string | null; reason?: Title }

// Choice of sites: what it comes to for the objective, and who is left.
interface Chosen { chosen: string[]; value: number; uncovered: number; exact?: boolean }

export interface Siting {
  objective: string; unit: string; chosen: SiteCandidate[]; value: number; uncovered: number; bound: number; gap: number; exact: boolean; before?: { value: number; uncovered: number } | null; runner_up?: Chosen | null;
  marginal?: { code: string; name: string; gain: number | null; gain_people: number }[]; front?: { chosen: string[]; covered: number; walking: number | null; area: number }[]; front_complete?: boolean;
  evaluated?: number; candidates: SiteCandidate[]; certificate?: Title;
}

export const loadSiting = (question: Question & { candidates: string; choose: number; objective: string; capacity: boolean }, signal: AbortSignal) => plan<Siting>("siting",
  question, signal);
