// The response panel: who gets to a place first by road, what a closure
// changes, which station is responsible for what, what nobody reaches in time,
// and where stations are missing. It is loaded when it is first opened.

import type { LngLat, Point } from "maplibre-gl";
import { Account } from "../account.ts";
import { Asked, buttons, choice, keepingFocus, number, tick } from "../asked.ts";
import { h } from "../dom.ts";
import { inWords, type Language } from "../words.ts";
import type { Desk, Tab } from "../tab.ts";
import type { Host, Way } from "../way.ts";
import { AreasTab } from "./areas.ts";
import { BeyondTab } from "./beyond.ts";
import { ClosuresTab } from "./closures.ts";
import { NearestTab } from "./nearest.ts";
import { StationsTab } from "./stations.ts";
import { type ResponseWords, responseWords } from "./words.ts";

const first = {
  tab: "nearest", at: "", by: "time", k: "3", profile: "driving", kind: "", available: "", call: "60", closures: "true",
  minutes: "5", unit: "streets", what: "risk_points", station: "", sites: "", aim: "beyond", weight: "residents", others: "",
};

// about are the layers that stay beside the base.
const about = ["response_points", "closures"];

// Key is a name of a setting.
export type Key = keyof typeof first;

type TabID = keyof ResponseWords["tabs"];

const settle = 150; // before questions that follow each other fast

export class Response implements Way, Desk<Key> {
  readonly element = h("div", { className: "way response", id: "response" });
  readonly host: Host;
  readonly asked = new Asked("response", first);
  language: Language;
  readonly #account = new Account(() => this.#signed());
  readonly #tabs: Record<TabID, Tab>;
  readonly #choices = h("nav", { className: "tabs" });
  readonly #settings = h("div", {});
  readonly #place = h("div", {});
  #open = false;
  #timer = 0;

  constructor(host: Host, language: Language) {
    this.host = host;
    this.language = language;
    this.#tabs = { nearest: new NearestTab(this), closures: new ClosuresTab(this, this.#account), areas: new AreasTab(this), beyond: new BeyondTab(this), stations: new StationsTab(this) };
    this.element.append(this.#choices, this.#settings, this.#place);
    host.map.on("mousemove", (e) => { if (this.#open) this.#tab.hovered?.(e.point); });
    this.speak(language);
  }

  get #words(): ResponseWords { return responseWords[this.language]; }
  get #id(): TabID { return this.asked.get("tab") in this.#tabs ? this.asked.get("tab") as TabID : "nearest"; }
  get #tab(): Tab { return this.#tabs[this.#id]; }

  show(open: boolean): void {
    this.#open = open;
    if (!open) return this.#tab.hide();
    this.asked.write();
    this.#quiet();
    this.#account.begin();
    this.#tab.show();
  }

  speak(language: Language): void {
    const again = language !== this.language;
    this.language = language;
    this.element.setAttribute("aria-label", this.#words.title);
    this.#account.speak(language, this.#words.guest);
    this.#showTabs();
    this.#showSettings();
    for (const tab of Object.values(this.#tabs)) tab.speak();
    if (again && this.#open) this.#tab.show();
  }

  renewed(touched: (layer: string) => boolean): void {
    if (this.#open && this.#tab.renewed?.(touched)) this.settle();
  }

  redrawn(): void {} // the map keeps what is drawn over it

  clicked(point: Point, at: LngLat): boolean { return this.#tab.clicked?.(point, at) ?? false; }

  addressed(): void {
    const before = this.#id;
    if (!this.asked.read()) return;
    this.#tabs[before].hide();
    this.speak(this.language);
    this.#tab.show();
  }

  found(at: [number, number]): void {
    if (this.#id !== "nearest") this.#choose("nearest");
    this.#tabs.nearest.found?.(at);
  }

  #quiet(): void { this.host.quiet(this.asked.get("others") === "true" ? undefined : about); }

  // settle asks again soon.
  settle(): void {
    this.asked.write();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => { if (this.#open) this.#tab.show(); }, settle);
  }

  #signed(): void {
    this.#tabs.closures.speak();
    if (this.#open) this.#tab.show();
  }

  #choose(id: TabID): void {
    this.#tab.hide();
    this.asked.set({ tab: id });
    this.#showTabs();
    this.#showSettings();
    this.#tab.show();
  }

  #showTabs(): void {
    const words = this.#words;
    const tab = (id: TabID) => h("button", { type: "button", data: { tab: id, key: `tab-${id}` }, aria: { pressed: String(this.#id === id) }, onclick: () => this.#choose(id) },
      words.tabs[id]);
    keepingFocus(this.#choices, () => this.#choices.replaceChildren(...(Object.keys(words.tabs) as TabID[]).map(tab)));
    this.#choices.setAttribute("aria-label", words.title);
    this.#place.replaceChildren(this.#tab.element);
  }

  // showSettings shows what all tabs ask with.
  #showSettings(): void {
    const words = this.#words;
    const { asked } = this;
    const set = (change: Partial<Record<Key, string>>) => { asked.set(change); this.#showSettings(); this.settle(); };
    const kinds = this.host.layer("response_points")?.fields.find((f) => f.name === "kind")?.values ?? [];
    const byTime = this.#id !== "nearest" || asked.get("by") === "time";
    keepingFocus(this.#settings, () => this.#settings.replaceChildren(h("details", { className: "settings", open: this.#settings.querySelector("details")?.open ?? false },
      h("summary", { data: { key: "settings" } }, words.settings, h("small", {}, this.#summary())),
      h("div", { className: "fields" },
        choice(words.kind, "kind", asked.get("kind"), [{ value: "", title: words.allKinds }, ...kinds.map((k) => ({ value: k.value, title: inWords(k.title, this.language, k.value) }))],
          (kind) => set({ kind })),
        byTime && number(words.call, "call", asked.get("call"), { min: 0, max: 600, step: 10 }, (call) => set({ call })),
        byTime && h("div", { className: "field" }, h("span", {}, words.profile),
          buttons(words.profile, "profile", asked.get("profile"), (["driving", "walking"] as const).map((value) => ({ value, title: words.profiles[value] })),
          (profile) => set({ profile })))),
      tick(words.available, "available", asked.get("available") === "true", (on) => set({ available: on ? "true" : "" })),
      byTime && tick(words.obey, "closures", asked.get("closures") !== "false", (on) => set({ closures: String(on) })),
      tick(words.others, "others", asked.get("others") === "true", (on) => { asked.set({ others: on ? "true" : "" }); this.#quiet(); }))));
  }

  // summary names the settings that differ from the first.
  #summary(): string {
    const words = this.#words;
    const { asked } = this;
    const kinds = this.host.layer("response_points")?.fields.find((f) => f.name === "kind")?.values ?? [];
    const kind = kinds.find((k) => k.value === asked.get("kind"));
    return [kind ? inWords(kind.title, this.language, kind.value) : words.allKinds, words.profiles[asked.get("profile") as "driving"] ?? "",
      asked.get("available") === "true" && words.available].filter(Boolean).join(" · ");
  }
}

// whom are the settings that say who comes, as the service takes them.
export const whom = (asked: Asked<Key>): Record<string, string> =>
  ({ profile: asked.get("profile"), kind: asked.get("kind"), available: asked.get("available"), call: asked.get("call"), closures: asked.get("closures") });
