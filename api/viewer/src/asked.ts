// What a panel was asked, as its address keeps it, and the fields to ask with.

import { readAsked, writeAsked } from "./address.ts";
import { h } from "./dom.ts";

// Asked holds settings by name. Those that are as at first are not in the
// address.
export class Asked<K extends string> {
  readonly #way: string;
  readonly #first: Record<K, string>;
  #now: Record<K, string>;

  constructor(way: string, first: Record<K, string>) {
    this.#way = way;
    this.#first = first;
    this.#now = { ...first };
    this.read();
  }

  // read takes over what the address says, and tells whether it is different.
  read(): boolean {
    const before = JSON.stringify(this.#now);
    const said = readAsked(this.#way);
    for (const name of Object.keys(this.#first) as K[]) this.#now[name] = said.get(name) ?? this.#first[name];
    return before !== JSON.stringify(this.#now);
  }

  get(name: K): string { return this.#now[name]; }
  number(name: K): number { return Number(this.#now[name]); }

  set(change: Partial<Record<K, string>>): void {
    Object.assign(this.#now, change);
    this.write();
  }

  // write puts the settings into the address.
  write(): void {
    const pairs = (Object.entries(this.#now) as [K, string][]).filter(([name, value]) => value !== this.#first[name]);
    writeAsked(this.#way, Object.fromEntries(pairs));
  }
}

export interface Option { value: string; title: string }

// field labels an input.
export function field(title: string, input: HTMLElement, hint = ""): HTMLElement {
  return h("label", { className: "field" }, h("span", {}, title), input, hint && h("small", {}, hint));
}

// choice is a list to choose from. A value that it does not know is kept.
export function choice(title: string, name: string, value: string, options: Option[], chosen: (value: string) => void): HTMLElement {
  const all = options.some((o) => o.value === value) ? options : [...options, { value, title: value }];
  const list = h("select", { name, data: { key: name } }, ...all.map((o) => h("option", { value: o.value, selected: o.value === value }, o.title)));
  list.onchange = () => chosen(list.value);
  return field(title, list);
}

// number is a field for a figure within limits, with a slider beside it if
// asked for. What is no such figure is not told.
export function number(title: string, name: string, value: string, limits: { min: number; max: number; step?: number; slider?: boolean; empty?: boolean; hint?: string; unset?: string },
  chosen: (value: string) => void): HTMLElement {
  const { min, max, step = 1, slider = false, empty = false, hint = "", unset = "" } = limits;
  const shape = { min: String(min), max: String(max), step: String(step) };
  const box = h("input", { type: "number", name, value, placeholder: unset, data: { key: name }, ...shape });
  const bar = h("input", { type: "range", value: value || String(min), data: { key: `${name}-bar` }, aria: { label: title }, ...shape });
  const tell = (input: HTMLInputElement) => {
    const ok = (empty && input.value === "" && !input.validity.badInput) || (input.value !== "" && input.valueAsNumber >= min && input.valueAsNumber <= max);
    input.setAttribute("aria-invalid", String(!ok));
    if (!ok) return;
    bar.value = box.value = input.value;
    chosen(input.value);
  };
  box.onchange = () => tell(box);
  bar.oninput = () => { box.value = bar.value; };
  bar.onchange = () => tell(bar);
  const limit = h("small", { className: "limits" }, hint || `${min} – ${max}`);
  return h("div", { className: slider ? "field slid" : "field" }, h("label", {}, h("span", {}, title), box), slider && bar, limit);
}

// tick is something to be switched on.
export function tick(title: string, name: string, on: boolean, switched: (on: boolean) => void): HTMLElement {
  const box = h("input", { type: "checkbox", name, checked: on, data: { key: name } });
  box.onchange = () => switched(box.checked);
  return h("label", { className: "tick" }, box, h("span", {}, title));
}

// buttons is a row of which one is pressed.
export function buttons(label: string, name: string, value: string, options: Option[], chosen: (value: string) => void): HTMLElement {
  const button = (o: Option) => h("button",
    { type: "button", data: { key: `${name}-${o.value}`, [name]: o.value }, aria: { pressed: String(o.value === value) }, onclick: () => chosen(o.value) }, o.title);
  return h("div", { className: "either", role: "group", aria: { label } }, ...options.map(button));
}

// keepingFocus renews elements; the one with the same key gets the focus.
export function keepingFocus(within: HTMLElement, renew: () => void): void {
  const at = document.activeElement;
  const key = at instanceof HTMLElement && within.contains(at) ? at.dataset.key : undefined;
  renew();
  if (key) within.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}
