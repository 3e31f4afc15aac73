// Tables whose rows stand for something on the map.

import { h } from "./dom.ts";

// Column is a column of a table; it is sorted by its figures or texts, or by
// how far figures are from nothing.
export interface Column<T> { key: string; title: string; of(row: T): number | string | null | undefined; say?(row: T): string | HTMLElement; hint?: string; bySize?: boolean }

export interface TableActs {
  point(key: string | undefined): void; // the pointer or the focus is at a row
  choose(key: string): void;
}

const step = 50; // rows shown at first, and added each time

// Table shows rows, the first of them at first. It keeps its order and what is
// chosen while its rows are renewed.
export class Table<T> {
  readonly element = h("div", { className: "table-box" });
  readonly #keyOf: (row: T) => string;
  readonly #acts: TableActs;
  #columns: Column<T>[] = [];
  #rows: T[] = [];
  #sorted = "";
  #down = true;
  #shown = step;
  #chosen = "";
  #more: (n: number) => string = String;

  constructor(keyOf: (row: T) => string, acts: TableActs) {
    this.#keyOf = keyOf;
    this.#acts = acts;
  }

  // show renews the table; sorted is the column it is sorted by at first.
  show(caption: string, columns: Column<T>[], rows: T[], sorted: string, more: (n: number) => string): void {
    this.#columns = columns;
    this.#rows = rows;
    this.#more = more;
    if (!columns.some((c) => c.key === this.#sorted)) [this.#sorted, this.#down] = [sorted, true];
    this.element.setAttribute("aria-label", caption);
    this.#render();
  }

  // choose marks a row and brings it into view.
  choose(key: string): void {
    this.#chosen = key;
    const at = this.#order().findIndex((r) => this.#keyOf(r) === key);
    if (at >= this.#shown) this.#shown = at + 1;
    this.#render();
    this.element.querySelector(`tr.chosen`)?.scrollIntoView({ block: "nearest" });
  }

  // point marks a row that the pointer is at on the map.
  point(key: string | undefined): void {
    for (const row of this.element.querySelectorAll("tr.pointed")) row.classList.remove("pointed");
    if (key) this.element.querySelector(`tr[data-key="${CSS.escape(key)}"]`)?.classList.add("pointed");
  }

  #order(): T[] {
    const column = this.#columns.find((c) => c.key === this.#sorted);
    if (!column) return this.#rows;
    const sign = this.#down ? -1 : 1;
    return [...this.#rows].sort((a, b) => {
      const [x, y] = [a, b].map((row) => { const v = column.of(row); return column.bySize && typeof v === "number" ? Math.abs(v) : v; });
      if (x === y) return this.#keyOf(a) < this.#keyOf(b) ? -1 : 1;
      if (x === null || x === undefined) return 1; // what has no figure comes last
      if (y === null || y === undefined) return -1;
      return sign * (x < y ? -1 : 1);
    });
  }

  #sortBy(key: string): void {
    [this.#sorted, this.#down] = [key, this.#sorted === key ? !this.#down : typeof this.#columns.find((c) => c.key === key)?.of(this.#rows[0]!) !== "string"];
    this.#render();
    this.element.querySelector<HTMLElement>(`[data-sort="${key}"]`)?.focus({ preventScroll: true });
  }

  #render(): void {
    const head = (c: Column<T>) => {
      const on = c.key === this.#sorted;
      return h("th", { scope: "col", ...(c.hint && { title: c.hint }), ...(on && { ariaSort: this.#down ? "descending" : "ascending" }) },
        h("button", { type: "button", className: "sort", data: { sort: c.key }, onclick: () => this.#sortBy(c.key) }, c.title,
          h("span", { aria: { hidden: "true" } }, on ? (this.#down ? " ▾" : " ▴") : "")));
    };
    const all = this.#order();
    const left = all.length - this.#shown;
    const more = left > 0 && h("button", { type: "button", className: "plain", onclick: () => { this.#shown += step; this.#render(); } }, this.#more(left));
    this.element.replaceChildren(h("table", {}, h("thead", {}, h("tr", {}, ...this.#columns.map(head))), h("tbody", {}, ...all.slice(0, this.#shown).map((r) => this.#row(r)))),
      ...(more ? [more] : []));
  }

  #row(row: T): HTMLElement {
    const key = this.#keyOf(row);
    const cell = (c: Column<T>, i: number) => {
      const said = c.say ? c.say(row) : String(c.of(row) ?? "–");
      if (i > 0) return h("td", {}, said);
      return h("th", { scope: "row" },
        h("button", { type: "button", className: "plain", onclick: () => this.#acts.choose(key), onfocus: () => this.#acts.point(key), onblur: () => this.#acts.point(undefined) }, said));
    };
    return h("tr", { data: { key }, onmouseenter: () => this.#acts.point(key), onmouseleave: () => this.#acts.point(undefined),
      ...(key === this.#chosen && { ariaCurrent: "true", className: "chosen" }) }, ...this.#columns.map(cell));
  }
}
