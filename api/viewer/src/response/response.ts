// The response panel: who gets to a place first by road, what a closure
// changes, which station is responsible for what, what nobody reaches in time,
// and where stations are missing. It is loaded when it is first opened.

import { type Asked, buttons, choice, number, tick } from "../asked.ts";
import { h } from "../dom.ts";
import { inWords, type Language } from "../words.ts";
import { Tabs } from "../tabs.ts";
import type { Host } from "../way.ts";
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

export class Response extends Tabs<Key, TabID> {
  protected readonly tabs;

  constructor(host: Host, language: Language) {
    super(host, language, "response", first, about);
    this.tabs = { nearest: new NearestTab(this), closures: new ClosuresTab(this, this.account), areas: new AreasTab(this), beyond: new BeyondTab(this), stations: new StationsTab(this) };
    this.begin();
  }

  protected words(): ResponseWords { return responseWords[this.language]; }
  protected whose() { return this.tabs.closures; }

  found(at: [number, number]): void {
    if (this.id !== "nearest") this.go("nearest");
    this.tabs.nearest.found(at);
  }

  protected settings(now: HTMLElement) {
    const words = this.words();
    const { asked } = this;
    const kinds = this.host.layer("response_points")?.fields.find((f) => f.name === "kind")?.values ?? [];
    const byTime = this.id !== "nearest" || asked.get("by") === "time";
    return [h("details", { className: "settings", open: now.querySelector("details")?.open ?? false },
      h("summary", { data: { key: "settings" } }, words.settings, h("small", {}, this.#summary())),
      h("div", { className: "fields" },
        choice(words.kind, "kind", asked.get("kind"), [{ value: "", title: words.allKinds }, ...kinds.map((k) => ({ value: k.value, title: inWords(k.title, this.language, k.value) }))],
          (kind) => this.change({ kind })),
        byTime && number(words.call, "call", asked.get("call"), { min: 0, max: 600, step: 10 }, (call) => this.change({ call })),
        byTime && h("div", { className: "field" }, h("span", {}, words.profile),
          buttons(words.profile, "profile", asked.get("profile"), (["driving", "walking"] as const).map((value) => ({ value, title: words.profiles[value] })),
          (profile) => this.change({ profile })))),
      tick(words.available, "available", asked.get("available") === "true", (on) => this.change({ available: on ? "true" : "" })),
      byTime && tick(words.obey, "closures", asked.get("closures") !== "false", (on) => this.change({ closures: String(on) })),
      tick(words.others, "others", asked.get("others") === "true", (on) => { asked.set({ others: on ? "true" : "" }); this.quiet(); }))];
  }

  // summary names the settings that differ from the first.
  #summary(): string {
    const words = this.words();
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
