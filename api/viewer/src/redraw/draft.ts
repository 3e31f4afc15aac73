// What is being drawn: steps, one after another, with undo, kept in the tab
// until it is saved.

import type { Step } from "./client.ts";

// Kind is how a step was begun.
export type Kind = "buildings" | "area" | "edge" | "split" | "merge";

// Work is a step that may still lack something.
export interface Work extends Step { kind: Kind; names?: Record<string, string> }

// Draft is a proposal on the way.
export interface Draft { steps: Work[]; title: string; reason: string; effective: string; kept?: { id: number; revision: number } }

const key = "wangge.redraw";
const empty: Draft = { steps: [], title: "", reason: "", effective: "" };

// complete says whether a step can be sent.
export function complete(w: Work): boolean {
  switch (w.kind) {
    case "buildings": return !!w.to && (w.buildings?.length ?? 0) > 0;
    case "area": return !!w.from && !!w.to && !!w.area;
    case "edge": return !!w.from && !!w.to && !!w.line;
    case "split": return !!w.from && !!w.line;
    case "merge": return !!w.from && !!w.to;
  }
}

// stepOf is a step as the service takes it.
export function stepOf({ kind, names, ...step }: Work): Step {
  if (kind === "buildings") delete step.from; // follows from the buildings
  return step;
}

// kindOf is what a step of the service was begun with.
export function kindOf(s: Step): Kind {
  if (s.buildings?.length) return "buildings";
  if (s.area) return "area";
  if (s.line) return s.to ? "edge" : "split";
  return "merge";
}

// Drafting is the draft, and its steps before and after undoing.
export class Drafting {
  #now: Draft = read();
  #past: Work[][] = [];
  #future: Work[][] = [];

  get now(): Draft { return this.#now; }
  get canUndo(): boolean { return this.#past.length > 0; }
  get canRedo(): boolean { return this.#future.length > 0; }

  // steps replaces the steps, so that it can be undone.
  steps(steps: Work[]): void {
    this.#past = [...this.#past.slice(-99), this.#now.steps];
    this.#future = [];
    this.#set({ ...this.#now, steps });
  }

  // note changes what is written beside the steps.
  note(change: Partial<Omit<Draft, "steps">>): void { this.#set({ ...this.#now, ...change }); }

  undo(): void { this.#swap(this.#past, this.#future); }
  redo(): void { this.#swap(this.#future, this.#past); }

  // begin puts another draft in the place of this one.
  begin(draft: Draft = empty): void {
    this.#past = [];
    this.#future = [];
    this.#set(draft);
  }

  #swap(from: Work[][], to: Work[][]): void {
    const steps = from.pop();
    if (!steps) return;
    to.push(this.#now.steps);
    this.#set({ ...this.#now, steps });
  }

  #set(draft: Draft): void {
    this.#now = draft;
    try {
      sessionStorage.setItem(key, JSON.stringify(draft));
    } catch (fault) {
      console.info(fault);
    }
  }
}

function read(): Draft {
  try {
    return { ...empty, ...JSON.parse(sessionStorage.getItem(key) ?? "{}") as Partial<Draft> };
  } catch {
    return empty;
  }
}
