// What changes in the service while the page is open.

import { type Bounds, root } from "./catalogue.ts";

// Change is how the state differs from the one before.
export interface Change { version: number; layers: { layer: string; bounds: Bounds[]; tiles: Block[] }[]; all: boolean; behind: boolean }

// Block is a block of tiles: zoom, first column and row, last column and row.
export type Block = [z: number, x: number, y: number, toX: number, toY: number];

export interface LiveActs {
  changed(change: Change): void;
  connected(on: boolean): void;
}

const settle = 250;     // changes that come together are told together
const patience = 1500;  // a connection that comes back this soon was not lost
const silence = 40_000; // the service says every 15 s that it is there
const pause = 5000;     // before a refused connection is tried again

// Live follows the service. A page that nobody looks at is not connected:
// browsers allow few connections to one server.
export class Live {
  readonly #acts: LiveActs;
  #source: EventSource | undefined;
  #last = "";
  #behind = false;
  #pending: Change | undefined;
  #losing = 0;
  #deaf = 0;
  #again = 0;

  constructor(acts: LiveActs) {
    this.#acts = acts;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#leave() : this.connect()));
    addEventListener("online", () => this.connect());
    if (!document.hidden) this.connect();
  }

  // connect begins anew, where the last event left off.
  connect(): void {
    this.#leave();
    const address = new URL("events", root);
    if (this.#last) address.searchParams.set("last", this.#last);
    const source = new EventSource(address);
    this.#source = source;
    source.addEventListener("change", (e: MessageEvent<string>) => this.#hear(e));
    source.addEventListener("closures", (e: MessageEvent<string>) => this.#hearClosures(e));
    source.addEventListener("alive", () => this.#alive());
    source.onerror = () => this.#lose(source);
  }

  #leave(): void {
    this.#source?.close();
    for (const timer of [this.#losing, this.#deaf, this.#again]) clearTimeout(timer);
    this.#losing = 0;
  }

  #hear(e: MessageEvent<string>): void {
    this.#last = e.lastEventId;
    this.#tell(JSON.parse(e.data) as Change);
  }

  // hearClosures hears that other closures are in force though nobody changed
  // anything.
  #hearClosures(e: MessageEvent<string>): void {
    this.#last = e.lastEventId;
    const told = JSON.parse(e.data) as Omit<Change, "all" | "behind">;
    this.#tell({ ...told, layers: [...told.layers, { layer: "closures", bounds: [], tiles: [] }], all: false, behind: this.#behind });
  }

  // tell waits for what comes soon after.
  #tell(change: Change): void {
    this.#alive();
    this.#behind = change.behind;
    if (this.#pending) {
      this.#pending = { ...change, all: change.all || this.#pending.all, layers: [...this.#pending.layers, ...change.layers] };
      return;
    }
    this.#pending = change;
    setTimeout(() => {
      const told = this.#pending!;
      this.#pending = undefined;
      this.#acts.changed(told);
    }, settle);
  }

  #alive(): void {
    clearTimeout(this.#losing);
    clearTimeout(this.#deaf);
    this.#losing = 0;
    this.#deaf = setTimeout(() => { this.#tellLost(); this.connect(); }, silence);
    this.#acts.connected(true);
  }

  // lose waits for the browser to connect again by itself, which it does
  // unless it was refused.
  #lose(source: EventSource): void {
    this.#tellLost();
    if (source.readyState === EventSource.CLOSED) this.#again = setTimeout(() => this.connect(), pause);
  }

  #tellLost(): void {
    this.#losing ||= setTimeout(() => this.#acts.connected(false), patience);
  }
}
