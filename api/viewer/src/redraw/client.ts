// What the redraw panel asks of the service, and what it is told.

import type { FeatureCollection, Geometry, LineString, MultiPolygon, Polygon } from "geojson";
import { ask, plan } from "../service.ts";

// Step is one change of boundaries, as the service takes it.
export interface Step { from?: string; to?: string; area?: Polygon | MultiPolygon; line?: LineString; buildings?: string[]; new_code?: string }

// Figures are a unit's sums and measures by name; null is a small count that
// is withheld.
export type Figures = Record<string, unknown>;

export interface Effect { level: string; code: string; name: string; before: Figures | null; after: Figures | null; delta: Figures | null }

export interface Moved { id: number | string; code: string; new_code?: string; name: string; from: string; to: string }

export interface Check { rule: string; severity: "refusal" | "warning"; where?: string; at?: [number, number]; part?: Geometry; detail: string; fix?: string; step?: number; suggest?: Geometry }

export interface Preview { version: number; refused: boolean; effects: Effect[]; moved: Record<string, Moved[]>; checks: Check[]; geometry: FeatureCollection }

export interface Decision { number: string; date: string; file?: string }

export interface Called { code: string; name: string }

export interface Adjustment {
  id: number; revision: number; state: string; title: string; reason?: string; layer?: string; steps?: Step[]; street?: Called | null;
  streets?: Called[]; consents?: Called[]; proposer?: string; reviewer?: string; approver?: string; decision?: Decision | null;
  effective_at?: string | null; base?: number; result?: number; reverts?: number; created?: string; updated?: string; actions?: string[];
}

export interface AuditLine { at: string; actor: string; role: string; street?: string; action: string; from?: string; to?: string; note?: string; base?: number; result?: number }

export const preview = (steps: Step[], signal: AbortSignal) => plan<Preview>("adjustments/preview", { steps }, signal);

export async function loadAdjustments(query: Record<string, string>): Promise<Adjustment[]> {
  const answer = await ask<{ adjustments: Adjustment[] }>(`adjustments?${new URLSearchParams({ limit: "100", ...query })}`);
  return answer.adjustments;
}

export const loadAdjustment = (id: number) => ask<Adjustment>(`adjustments/${id}`);

export const loadPreview = (id: number) => ask<Preview>(`adjustments/${id}/preview`);

export async function loadAudit(id: number): Promise<AuditLine[]> {
  return (await ask<{ audit: AuditLine[] }>(`adjustments/${id}/audit`)).audit;
}

export interface Proposal { title: string; reason: string; steps: Step[]; effective_at?: string }

// save records a proposal, as a new draft or over an old one.
export function save(proposal: Proposal, kept: { id: number; revision: number } | undefined): Promise<Adjustment> {
  return kept ? ask(`adjustments/${kept.id}`, { method: "PATCH", body: proposal, revision: kept.revision }) : ask("adjustments", { method: "POST", body: proposal });
}

export interface ActBody { note?: string; decision?: { number: string; date: string }; file?: { name: string; content: string }; effective_at?: string }

// act does something to an adjustment as the reader saw it.
export const act = (a: Adjustment, action: string, body: ActBody) =>
  ask<Adjustment>(`adjustments/${a.id}/${action === "comment" ? "comments" : action}`, { method: "POST", body, revision: a.revision });

// readDrawing has the service read a file with a line or an area.
export const readDrawing = (file: File) => plan<Drawing>(`adjustments/drawing?name=${encodeURIComponent(file.name)}`, file);

// Drawing is a file as the service read it; doubts are why its coordinates
// may be meant otherwise.
export interface Drawing { geometry: Geometry; notes: string[]; doubts: { kind: string; detail: string }[] }
