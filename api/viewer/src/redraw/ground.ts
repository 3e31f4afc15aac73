// The exact boundaries around what is drawn. Tiles round theirs, so what is
// drawn holds on to these.

import type { Geometry, Position } from "geojson";
import { type Bounds, type Feature, root } from "../catalogue.ts";
import { bearer } from "../token.ts";

// Grid is one area of the partition.
export interface Grid { code: string; name: string; rings: Position[][]; bounds: Bounds; feature: Feature }

const most = 400; // grids asked for at once

// Ground holds the grids that were read, of one state of the data.
export class Ground {
  readonly #grids = new Map<string, Grid>();
  #read: Bounds[] = [];

  // forget drops all, when the boundaries have changed.
  forget(): void {
    this.#grids.clear();
    this.#read = [];
  }

  // load reads the grids in a box, unless they are there.
  async load(box: Bounds): Promise<void> {
    if (this.#read.some((b) => b[0] <= box[0] && b[1] <= box[1] && b[2] >= box[2] && b[3] >= box[3])) return;
    const answer = await fetch(new URL(`collections/grids/items?f=json&limit=${most}&bbox=${box.map((v) => v.toFixed(7)).join()}`, root), { headers: bearer() });
    if (!answer.ok) throw new Error(`grids: ${answer.status}`);
    const { features } = await answer.json() as { features: Feature[] };
    for (const f of features) this.#add(f);
    if (features.length < most) this.#read.push(box);
  }

  // find is a grid by its code, read if it is not there, with its neighbours.
  async find(code: string): Promise<Grid | undefined> {
    if (!this.#grids.has(code)) await this.#loadOne(code);
    const grid = this.#grids.get(code);
    if (grid) await this.load(padded(grid.bounds, 1e-4));
    return grid;
  }

  get(code: string): Grid | undefined { return this.#grids.get(code); }

  async #loadOne(code: string): Promise<void> {
    const answer = await fetch(new URL(`collections/grids/items/${code}?f=json`, root), { headers: bearer() });
    if (answer.ok) this.#add(await answer.json() as Feature);
  }

  #add(feature: Feature): void {
    const rings = ringsOf(feature.geometry);
    const code = String(feature.properties.code);
    this.#grids.set(code, { code, name: String(feature.properties.name ?? code), rings, bounds: boundsOf(rings.flat()), feature });
  }

  // at is the grid that holds a place, of those that were read.
  at([x, y]: Position): Grid | undefined {
    return [...this.#grids.values()].find((g) => inBounds(g.bounds, [x!, y!]) && inside(g.rings, [x!, y!]));
  }

  // within are the grids in a box, of those that were read.
  within(box: Bounds): Grid[] {
    return [...this.#grids.values()].filter((g) => meet(g.bounds, box)).sort((a, b) => (a.code < b.code ? -1 : 1));
  }

  // neighbours are the grids that share an edge with one, of those read.
  neighbours(code: string): Grid[] {
    const grid = this.#grids.get(code);
    if (!grid) return [];
    const mine = edgesOf(grid.rings);
    const near = [...this.#grids.values()].filter((g) => g !== grid && meet(g.bounds, grid.bounds));
    return near.filter((g) => [...edgesOf(g.rings)].some((e) => mine.has(e))).sort((a, b) => (a.code < b.code ? -1 : 1));
  }

  // shared are the lines along which two grids touch, the longest first.
  shared(one: string, other: string): Position[][] {
    const a = this.#grids.get(one);
    const b = this.#grids.get(other);
    if (!a || !b) return [];
    const theirs = edgesOf(b.rings);
    return a.rings.flatMap((ring) => runs(ring, (e) => theirs.has(e))).sort((p, q) => q.length - p.length);
  }

  // covered is the grid that holds most of a drawn area.
  covered(rings: Position[][]): Grid | undefined {
    const [w, s, e, n] = boundsOf(rings.flat());
    const votes = new Map<Grid, number>();
    for (let i = 0; i < 400; i++) {
      const place = [w + ((i % 20) + 0.5) / 20 * (e - w), s + (Math.floor(i / 20) + 0.5) / 20 * (n - s)];
      const grid = inside(rings, place) ? this.at(place) : undefined;
      if (grid) votes.set(grid, (votes.get(grid) ?? 0) + 1);
    }
    return [...votes].sort((a, b) => b[1] - a[1])[0]?.[0];
  }

  // snap is the corner, or else the place on an edge, that is nearest to a
  // place on the screen; undefined beyond a reach in pixels.
  snap(at: { x: number; y: number }, box: Bounds, project: (lng: number, lat: number) => { x: number; y: number }, reach = 10): Position | undefined {
    let corner: Position | undefined, edge: Position | undefined;
    let toCorner = reach, toEdge = reach * 0.7;
    for (const grid of this.#grids.values()) {
      if (!meet(grid.bounds, box)) continue;
      for (const ring of grid.rings) {
        for (let i = 1; i < ring.length; i++) {
          const [p, q] = [ring[i - 1]!, ring[i]!];
          if (!meet(boundsOf([p, q]), box)) continue;
          const [a, b] = [project(p[0]!, p[1]!), project(q[0]!, q[1]!)];
          const t = Math.min(1, Math.max(0, ((at.x - a.x) * (b.x - a.x) + (at.y - a.y) * (b.y - a.y)) / ((b.x - a.x) ** 2 + (b.y - a.y) ** 2 || 1)));
          const gapOf = (u: number) => Math.hypot(at.x - a.x - u * (b.x - a.x), at.y - a.y - u * (b.y - a.y));
          for (const [end, gap] of [[p, gapOf(0)], [q, gapOf(1)]] as const) if (gap < toCorner) [corner, toCorner] = [end, gap];
          if (gapOf(t) < toEdge) [edge, toEdge] = [[p[0]! + t * (q[0]! - p[0]!), p[1]! + t * (q[1]! - p[1]!)], gapOf(t)];
        }
      }
    }
    return corner ?? edge?.map((v) => Math.round(v * 1e9) / 1e9);
  }
}

export function ringsOf(g: Geometry | null): Position[][] {
  if (g?.type === "Polygon") return g.coordinates;
  return g?.type === "MultiPolygon" ? g.coordinates.flat() : [];
}

export function boundsOf(places: Position[]): Bounds {
  const box: Bounds = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of places) {
    box[0] = Math.min(box[0], x!), box[1] = Math.min(box[1], y!);
    box[2] = Math.max(box[2], x!), box[3] = Math.max(box[3], y!);
  }
  return box;
}

export const padded = ([w, s, e, n]: Bounds, by: number): Bounds => [w - by, s - by, e + by, n + by];

const meet = (a: Bounds, b: Bounds) => a[0] <= b[2] && a[2] >= b[0] && a[1] <= b[3] && a[3] >= b[1];

const inBounds = (b: Bounds, [x, y]: Position) => x! >= b[0] && x! <= b[2] && y! >= b[1] && y! <= b[3];

// inside counts how often the rings pass a ray to the east.
function inside(rings: Position[][], [x, y]: Position): boolean {
  let odd = false;
  for (const ring of rings) {
    for (let i = 1; i < ring.length; i++) {
      const [ax, ay] = ring[i - 1]! as [number, number];
      const [bx, by] = ring[i]! as [number, number];
      if (ay > y! !== by > y! && x! < ax + ((y! - ay) / (by - ay)) * (bx - ax)) odd = !odd;
    }
  }
  return odd;
}

// edge names a piece of boundary in either direction.
const edge = (p: Position, q: Position) => [`${p[0]} ${p[1]}`, `${q[0]} ${q[1]}`].sort().join();

// edgesOf names all edges of rings.
export function edgesOf(rings: Position[][]): Set<string> {
  return new Set(rings.flatMap((ring) => ring.slice(1).map((q, i) => edge(ring[i]!, q))));
}

// runs are the stretches of a ring whose edges are wanted; one that goes over
// the ring's beginning is whole.
export function runs(ring: Position[], wanted: (edge: string) => boolean): Position[][] {
  const found: Position[][] = [];
  let last: Position[] | undefined;
  for (let i = 1; i < ring.length; i++) {
    const [p, q] = [ring[i - 1]!, ring[i]!];
    if (!wanted(edge(p, q))) last = undefined;
    else if (last) last.push(q);
    else found.push(last = [p, q]);
  }
  const [first, end] = [found[0], found.at(-1)];
  if (first && end && first !== end && same(first[0]!, ring[0]!) && same(end.at(-1)!, ring[0]!)) {
    found.shift();
    end.push(...first.slice(1));
  }
  return found;
}

const same = (p: Position, q: Position) => p[0] === q[0] && p[1] === q[1];
