// A panel of several tabs, which share settings and somebody who is signed in.

import type { LngLat, Point } from "maplibre-gl";
import { Account } from "./account.ts";
import { Asked, keepingFocus } from "./asked.ts";
import { h } from "./dom.ts";
import type { Desk, Tab } from "./tab.ts";
import type { Host, Way } from "./way.ts";
import type { Language } from "./words.ts";

const settle = 150; // before questions that follow each other fast

export interface TabWords<ID extends string> { title: string; guest: string; tabs: Record<ID, string> }

// Tabs shows one tab at a time below the settings of all. Which one is a
// setting too, "tab". Who extends it makes the tabs, and then calls begin.
export abstract class Tabs<K extends string, ID extends string> implements Way, Desk<K | "tab"> {
  readonly element: HTMLElement;
  readonly host: Host;
  readonly asked: Asked<K | "tab">;
  language: Language;
  protected readonly account = new Account(() => this.#signed());
  protected abstract readonly tabs: Record<ID, Tab>;
  protected open = false;
  readonly #first: ID;
  readonly #about: string[];
  readonly #choices = h("nav", { className: "tabs" });
  readonly #settings = h("div", {});
  readonly #place = h("div", {});
  #timer = 0;

  // name is that of the panel in addresses, first are the settings as they
  // begin; about are the layers that stay beside the base.
  protected constructor(host: Host, language: Language, name: string, first: Record<K | "tab", string>, about: string[]) {
    this.host = host;
    this.language = language;
    this.element = h("div", { className: `way ${name}`, id: name });
    this.asked = new Asked(name, first);
    this.#first = first.tab as ID;
    this.#about = about;
  }

  protected begin(): void {
    this.element.append(this.#choices, this.#settings, this.#place);
    this.host.map.on("mousemove", (e) => { if (this.open) this.tab.hovered?.(e.point); });
    this.speak(this.language);
  }

  protected abstract words(): TabWords<ID>;

  // settings are the form that all tabs ask with.
  protected abstract settings(now: HTMLElement): (HTMLElement | undefined)[];

  // whose is the tab that somebody signs in for.
  protected abstract whose(): Tab;

  protected get id(): ID { return this.asked.get("tab") in this.tabs ? this.asked.get("tab") as ID : this.#first; }
  protected get tab(): Tab { return this.tabs[this.id]; }

  show(open: boolean): void {
    this.open = open;
    if (!open) return this.tab.hide();
    this.asked.write();
    this.quiet();
    this.account.begin();
    this.tab.show();
  }

  speak(language: Language): void {
    const again = language !== this.language;
    this.language = language;
    this.element.setAttribute("aria-label", this.words().title);
    this.account.speak(language, this.words().guest);
    this.#showTabs();
    this.showSettings();
    for (const tab of Object.values<Tab>(this.tabs)) tab.speak();
    if (again && this.open) this.tab.show();
  }

  renewed(touched: (layer: string) => boolean): void { if (this.open && this.tab.renewed?.(touched)) this.settle(); }

  redrawn(): void {} // the map keeps what is drawn over it

  clicked(point: Point, at: LngLat): boolean { return this.tab.clicked?.(point, at) ?? false; }

  addressed(): void {
    const before = this.id;
    if (!this.asked.read()) return;
    this.tabs[before].hide();
    this.speak(this.language);
    this.tab.show();
  }

  go(id: ID): void {
    this.tab.hide();
    this.asked.set({ tab: id } as Partial<Record<K | "tab", string>>);
    this.#showTabs();
    this.showSettings();
    this.tab.show();
    this.#choices.querySelector<HTMLElement>(`[data-tab="${id}"]`)?.focus();
  }

  // settle asks again soon.
  settle(): void {
    this.asked.write();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => { if (this.open) this.tab.show(); }, settle);
  }

  // change takes other settings, and asks with them.
  protected change(settings: Partial<Record<K | "tab", string>>): void {
    this.asked.set(settings);
    this.showSettings();
    this.settle();
  }

  protected quiet(): void { this.host.quiet(this.asked.get("others" as K) === "true" ? undefined : this.#about); }

  protected showSettings(): void { keepingFocus(this.#settings, () => this.#settings.replaceChildren(...this.settings(this.#settings).filter((e) => e !== undefined))); }

  #signed(): void {
    this.whose().speak();
    if (this.open) this.tab.show();
  }

  #showTabs(): void {
    const { title, tabs } = this.words();
    const tab = (id: ID) => h("button", { type: "button", data: { tab: id, key: `tab-${id}` }, aria: { pressed: String(this.id === id) }, onclick: () => this.go(id) }, tabs[id]);
    keepingFocus(this.#choices, () => this.#choices.replaceChildren(...(Object.keys(tabs) as ID[]).map(tab)));
    this.#choices.setAttribute("aria-label", title);
    this.#place.replaceChildren(this.tab.element);
  }
}
