// Closures: trying one, filing it, and what is on file.

import type { Geometry, LineString, Polygon, Position } from "geojson";
import type { LngLat, Point } from "maplibre-gl";
import type { Account } from "../account.ts";
import { field, keepingFocus } from "../asked.ts";
import { Asking } from "../asking.ts";
import { loadFeature, loadSearch, tiles } from "../catalogue.ts";
import { type Child, h, svg } from "../dom.ts";
import { faultOf } from "../faults.ts";
import { Over, type Piece } from "../over.ts";
import type { Pen } from "../pen.ts";
import type { Desk, Tab } from "../tab.ts";
import { wayWords } from "../way_words.ts";
import { ChangedPoints } from "./changed.ts";
import { type Closure, type ClosurePreview, dropClosure, endClosure, fileClosure, loadClosures, previewClosure } from "./client.ts";
import { type Key, whom } from "./response.ts";
import { countInWords, lengthInWords, whenInWords } from "./say.ts";
import { type ResponseWords, responseWords } from "./words.ts";

const pause = 200; // between previews while something is dragged
const listed = 200; // points that a preview names

const join = { "line-join": "round", "line-cap": "round" } as const;
const closed = [
  { type: "line", layout: join, paint: { "line-color": "#ffffff", "line-width": 9 } },
  { type: "line", layout: { "line-join": "round" }, paint: { "line-color": "#b3261e", "line-width": 6, "line-dasharray": [1.2, 0.7] } },
] as unknown as Piece[];
const onFile = [
  { type: "fill", filter: ["match", ["geometry-type"], ["Polygon", "MultiPolygon"], true, false], paint: { "fill-color": "#b3261e", "fill-opacity": 0.15 } },
  { type: "line", layout: join, paint: { "line-color": ["match", ["get", "state"], "active", "#b3261e", "#7a4a00"], "line-width": 4, "line-opacity": 0.8 } },
] as unknown as Piece[];

export class ClosuresTab implements Tab {
  readonly element = h("div", {});
  readonly #desk: Desk<Key>;
  readonly #account: Account;
  readonly #over: Over;
  readonly #changed: ChangedPoints;
  readonly #form = h("div", {});
  readonly #preview = new Asking();
  readonly #filing = h("section", { className: "proposal" });
  readonly #outcome = h("div", { className: "outcome-line" });
  readonly #list = new Asking();
  #pen: Pen | undefined;
  #drawing: LineString | Polygon | undefined;
  #sketching = false;
  #picking = false;
  #roads: string[] = [];
  #traffic = "all";
  #fields = { name: "", reason: "", since: "", until: "" };
  #shown = false;
  #timer = 0;

  constructor(desk: Desk<Key>, account: Account) {
    this.#desk = desk;
    this.#account = account;
    this.#over = new Over(desk.host.map, "response-closures");
    this.#changed = new ChangedPoints(desk, this.#over);
    this.#preview.element.id = "closure-preview";
    this.#list.element.id = "closure-list";
    this.element.append(this.#form, this.#preview.element, this.#account.element, this.#filing, this.#outcome, this.#list.element);
  }

  get #words(): ResponseWords { return responseWords[this.#desk.language]; }

  speak(): void {
    this.#showForm();
    this.#showFiling();
  }

  show(): void {
    this.#shown = true;
    if (this.#drawing && !this.#sketching) this.#pen?.edit(this.#drawing);
    this.#ask();
    void this.#load();
  }

  hide(): void {
    this.#shown = false;
    this.#pen?.rest();
    this.#over.clear();
  }

  clicked(at: Point, _: LngLat): boolean {
    if (this.#picking) {
      const reach = 8;
      const [road] = this.#desk.host.map.queryRenderedFeatures([[at.x - reach, at.y - reach], [at.x + reach, at.y + reach]]).filter((f) => f.sourceLayer === "roads" && f.properties.name);
      if (road) this.#addRoad(String(road.properties.name));
      return true;
    }
    return this.#sketching || (this.#pen?.active ?? false);
  }

  renewed(touched: (layer: string) => boolean): boolean { return ["closures", "response_points", "roads", "turn_restrictions", "risk_points"].some(touched); }

  // --- drawing

  #showForm(): void {
    const words = this.#words;
    const tool = (title: string, key: string, on: boolean, act: () => void) => h("button", { type: "button", data: { key, tool: key }, aria: { pressed: String(on) }, onclick: act }, title);
    const chip = (name: string) => h("li", {}, h("span", {}, name),
      h("button", { type: "button", title: words.remove(name), aria: { label: words.remove(name) }, onclick: () => this.#dropRoad(name) }, svg("M7 7l10 10M17 7L7 17")));
    keepingFocus(this.#form, () => this.#form.replaceChildren(
      h("h2", {}, words.draw), h("p", { className: "hint-text" }, words.drawHow),
      h("div", { className: "tool-buttons" }, tool(words.drawLine, "line", this.#sketching && this.#pen?.drawing === "linestring", () => void this.#sketch("linestring")),
        tool(words.drawArea, "area", this.#sketching && this.#pen?.drawing === "polygon", () => void this.#sketch("polygon")),
        tool(this.#picking ? words.picking : words.pickRoad, "pick", this.#picking, () => { this.#picking = !this.#picking; this.#stopSketch(); this.#showForm(); })),
      this.#finder(), h("p", { className: "wait", role: "status" }, this.#sketching ? words.drawing : this.#drawing ? `${words.drawn[this.#drawing.type]} ${words.redraw}` : ""),
      this.#roads.length > 0 ? h("ul", { className: "chips" }, ...this.#roads.map(chip)) : "",
      this.#roads.length > 0 && this.#drawing ? h("p", { className: "doubt" }, words.both) : "",
      this.#drawing || this.#sketching || this.#roads.length > 0 ? h("p", { className: "row-buttons" },
        h("button", { type: "button", data: { key: "clear" }, onclick: () => this.#clear() }, words.clear)) : ""));
  }

  async #sketch(what: "linestring" | "polygon"): Promise<void> {
    this.#pen ??= await this.#newPen();
    if (!this.#pen) return;
    this.#picking = false;
    this.#sketching = true;
    this.#drawing = undefined;
    this.#pen.begin(what);
    this.#showForm();
    this.#ask();
    this.#desk.host.map.getCanvas().focus({ preventScroll: true }); // Enter ends what is drawn
  }

  async #newPen(): Promise<Pen | undefined> {
    try {
      const { Pen } = await import("../pen.ts");
      return new Pen(this.#desk.host.map, "over-closure-pen", { drawn: (s) => this.#drawn(s, true), moving: (s) => this.#drawn(s, false) });
    } catch (fault) {
      this.#outcome.replaceChildren(faultOf(fault, this.#desk.language));
      return undefined;
    }
  }

  #drawn(stroke: LineString | Polygon, ended: boolean): void {
    if (this.#sketching && !ended) return;
    this.#sketching = false;
    this.#drawing = stroke;
    if (ended) this.#showForm();
    this.#later();
  }

  #stopSketch(): void {
    if (!this.#sketching) return;
    this.#sketching = false;
    this.#pen?.rest();
  }

  #clear(): void {
    this.#pen?.rest();
    this.#sketching = this.#picking = false;
    this.#drawing = undefined;
    this.#roads = [];
    this.speak();
    this.#ask();
    this.#form.querySelector<HTMLElement>("button")?.focus();
  }

  #addRoad(name: string): void {
    this.#picking = false;
    if (!this.#roads.includes(name)) this.#roads = [...this.#roads, name];
    this.speak();
    this.#ask();
  }

  #dropRoad(name: string): void {
    this.#roads = this.#roads.filter((r) => r !== name);
    this.speak();
    this.#ask();
    this.#form.querySelector<HTMLElement>('[data-key="road"]')?.focus();
  }

  // finder looks roads up by name.
  #finder(): HTMLElement {
    const words = this.#words;
    const list = h("ul", { className: "finds", aria: { live: "polite" } });
    const box = h("input", { type: "search", name: "road", autocomplete: "off", placeholder: words.roadName, data: { key: "road" }, aria: { label: words.roadName } });
    let timer = 0;
    let asking = new AbortController();
    const look = async () => {
      clearTimeout(timer);
      asking.abort();
      asking = new AbortController();
      const { signal } = asking;
      if (box.value.trim() === "") return list.replaceChildren();
      const { lng, lat } = this.#desk.host.map.getCenter();
      try {
        const answer = await loadSearch(box.value, lng, lat, signal, 60);
        const found = [...new Set(answer.results.filter((r) => r.layer === "roads").map((r) => r.name))].slice(0, 8);
        const line = (name: string) => h("li", {}, h("button", { type: "button", data: { road: name }, onclick: () => this.#addRoad(name) }, name));
        if (!signal.aborted) list.replaceChildren(...(found.length > 0 ? found.map(line) : [h("li", { className: "wait" }, words.noRoad)]));
      } catch (fault) {
        if (!signal.aborted) list.replaceChildren(h("li", {}, faultOf(fault, this.#desk.language)));
      }
    };
    box.oninput = () => { clearTimeout(timer); timer = setTimeout(() => void look(), 200); };
    box.onkeydown = (e) => { if (e.key === "Enter" && !e.isComposing) { e.preventDefault(); void look(); } };
    return h("div", { className: "finder" }, box, list);
  }

  // --- preview

  #later(): void { this.#timer ||= setTimeout(() => { this.#timer = 0; this.#ask(); }, pause); }

  get #covered(): { geometry?: LineString | Polygon; roads?: string[] } | undefined {
    if (!this.#drawing && this.#roads.length === 0) return undefined;
    return { ...(this.#drawing && { geometry: this.#drawing }), ...(this.#roads.length > 0 && { roads: this.#roads }) };
  }

  #ask(): void {
    const covered = this.#covered;
    if (!this.#shown) return;
    if (!covered) {
      this.#drawPreview(undefined);
      return this.#preview.say();
    }
    const { profile, kind, available, call } = whom(this.#desk.asked);
    const body = { ...covered, traffic: this.#traffic, profile, call: Number(call), limit: listed, ...(kind && { kind }), ...(available && { available: available === "true" }) };
    void this.#preview.ask(this.#desk.language, (signal) => previewClosure(body, signal), (preview) => {
      this.#drawPreview(preview);
      return this.#said(preview);
    }, this.#words.rules).then((preview) => { if (!preview && this.#preview.element.dataset.state === "failed") this.#drawPreview(undefined); });
  }

  #drawPreview(preview: ClosurePreview | undefined): void {
    if (!this.#shown) return;
    this.#over.draw("closed", (preview?.closed.features ?? []).map((f) => ({ ...f, properties: f.properties ?? {} })), closed);
    this.#changed.draw(preview?.changed.points ?? []);
  }

  #said(preview: ClosurePreview): Child[] {
    const words = this.#words;
    const { language } = this.#desk;
    const names = [...new Set(preview.roads.map((r) => r.name || words.someRoad))];
    const { people } = preview;
    return [h("h2", {}, words.effect),
      h("p", { data: { edges: String(preview.edges.count) } }, words.closes(countInWords(preview.edges.count, language), lengthInWords(preview.edges.length, language))),
      names.length > 0 && h("p", { className: "wait" }, words.closesRoads(names.slice(0, 12).join(wayWords[language].listSeparator))),
      people && h("dl", { className: "figures" },
        ...([[words.peopleLater, people.later], [words.peopleCut, people.unreachable]] as const).map(([title, n]) => h("div", {}, h("dt", {}, title),
        h("dd", {}, countInWords(n, language))))),
      people?.withheld ? h("p", { className: "wait" }, words.withheld(countInWords(people.withheld, language))) : null, ...this.#changed.said(preview.changed)];
  }

  // --- filing

  #showFiling(): void {
    const words = this.#words;
    const fields = this.#fields;
    const text = (name: keyof typeof fields, type: string, placeholder = "") => {
      const input = h("input", { type, name, value: fields[name], placeholder, data: { key: name } });
      input.oninput = () => { fields[name] = input.value; };
      return input;
    };
    const traffic = h("select", { name: "traffic", data: { key: "traffic" } },
      ...(["all", "driving", "walking"] as const).map((t) => h("option", { value: t, selected: t === this.#traffic }, words.traffics[t])));
    traffic.onchange = () => { this.#traffic = traffic.value; this.#ask(); };
    keepingFocus(this.#filing,
      () => this.#filing.replaceChildren(h("h2", {}, words.file), field(words.fileName, text("name", "text", this.#suggested())), field(words.reason, text("reason", "text")),
      h("div", { className: "fields" }, field(words.since, text("since", "datetime-local"), words.sinceHint), field(words.until, text("until", "datetime-local"), words.untilHint)),
        field(words.traffic, traffic),
      h("p", { className: "row-buttons" }, h("button", { type: "button", className: "primary", data: { key: "file", file: "" }, onclick: () => void this.#file() }, words.submit))));
  }

  #suggested(): string { return this.#roads[0] ? this.#words.defaultName(this.#roads[0]) : ""; }

  async #file(): Promise<void> {
    const words = this.#words;
    const covered = this.#covered;
    const { name, reason, since, until } = this.#fields;
    const refuse = (text: string) => this.#outcome.replaceChildren(h("p", { className: "fault", role: "alert" }, text));
    if (!this.#account.person) return refuse(words.needSignIn);
    if (!covered) return refuse(words.needDrawing);
    const title = name.trim() || this.#suggested() || words.defaultName(words.drawn[this.#drawing!.type]);
    const instant = (local: string) => `${local}${local.length === 16 ? ":00" : ""}+08:00`; // the district's own time
    this.#filing.inert = true;
    try {
      await fileClosure({ name: title, ...(reason.trim() && { reason: reason.trim() }), ...(since && { since: instant(since) }), ...(until && { until: instant(until) }),
        traffic: this.#traffic, ...covered });
      this.#fields = { name: "", reason: "", since: "", until: "" };
      this.#clear();
      this.#outcome.replaceChildren(h("p", { className: "said", role: "status", data: { filed: "" } }, words.filed(title)));
      void this.#load();
    } catch (fault) {
      this.#outcome.replaceChildren(faultOf(fault, this.#desk.language, words.rules));
    }
    this.#filing.inert = false;
    this.#outcome.scrollIntoView({ block: "nearest" });
  }

  // --- on file

  async #load(): Promise<void> {
    await this.#list.ask(this.#desk.language, loadClosures, ({ features }) => {
      this.#drawNamed(features);
      if (this.#shown) this.#over.draw("file",
        features.filter((c) => c.geometry && c.properties.state !== "past").map((c) => ({ type: "Feature", geometry: c.geometry!, properties: { state: c.properties.state } })),
        onFile, true);
      return this.#saidList(features);
    }, this.#words.rules);
  }

  // drawNamed draws roads that are closed by name, from their tiles.
  #drawNamed(all: Closure[]): void {
    const ids = all.filter((c) => !c.geometry && c.properties.state !== "past").flatMap((c) => c.properties.closed_roads ?? []).map((r) => r.id);
    if (!this.#shown || ids.length === 0) return this.#over.drop("named");
    const filter = ["match", ["id"], [...new Set(ids)], true, false];
    this.#over.put("named", { type: "vector", tiles: [tiles(["roads"])], minzoom: 8, maxzoom: 16 },
      [{ type: "line", "source-layer": "roads", filter, layout: join, paint: { "line-color": "#b3261e", "line-width": 4, "line-opacity": 0.8 } }] as unknown as Piece[], true);
  }

  #saidList(all: Closure[]): Child[] {
    const words = this.#words;
    const rank = { active: 0, coming: 1, past: 2 };
    const sorted = [...all].sort((a, b) => rank[a.properties.state] - rank[b.properties.state] || b.id - a.id);
    const past = sorted.filter((c) => c.properties.state === "past");
    const now = sorted.filter((c) => c.properties.state !== "past");
    return [h("h2", {}, words.list), now.length === 0 ? h("p", { className: "wait" }, words.noClosures) : h("ul", { className: "closures" }, ...now.map((c) => this.#closure(c))),
      past.length > 0 && h("details", { data: { key: "past" } }, h("summary", {}, words.past(past.length)),
        h("ul", { className: "closures" }, ...past.slice(0, 100).map((c) => this.#closure(c))))];
  }

  // see shows where a closure is: its drawing, or the roads that it names.
  async #see(c: Closure): Promise<void> {
    const roads = c.geometry ? [] : await Promise.all((c.properties.closed_roads ?? []).slice(0, 20).map((r) => loadFeature("roads", r.id).then((f) => f.geometry, () => null)));
    const places = [c.geometry, ...roads].flatMap((g) => (g ? placesOf(g) : []));
    if (places.length > 0) this.#desk.host.see(places);
  }

  #closure(c: Closure): HTMLElement {
    const words = this.#words;
    const { language } = this.#desk;
    const { name, state, since, until, reason, edges, length, roads = [], closed_roads = [], doubts = [], actions = [] } = c.properties;
    const box = h("li", { data: { closure: String(c.id) } });
    const act = (title: string, key: string, done: (name: string) => string, run: () => Promise<void>) => h("button",
      { type: "button", data: { key: `${key}-${c.id}`, [key]: "" }, onclick: async () => {
      try {
        await run();
        this.#outcome.replaceChildren(h("p", { className: "said", role: "status" }, done(name)));
        await this.#load();
      } catch (fault) {
        box.append(faultOf(fault, language, words.rules));
      }
    } }, title);
    const nothing = doubts.some((d) => d.kind === "closes_nothing");
    box.append(h("p", {}, h("b", {}, name), " ", h("span", { className: "state", data: { state } }, words.states[state])),
      h("small", {}, [words.period(whenInWords(since, language), whenInWords(until, language)), reason, roads.join(wayWords[language].listSeparator),
        nothing ? words.closesNothing : words.closes(countInWords(edges, language), lengthInWords(length, language))].filter(Boolean).join(" · ")),
      h("p", { className: "row-buttons" },
        c.geometry || closed_roads.length > 0 ? h("button", { type: "button", data: { key: `show-${c.id}` }, onclick: () => void this.#see(c) }, words.show) : "",
        state === "active" && actions.includes("edit") ? act(words.end, "end", words.ended, () => endClosure(c.id, new Date())) : "",
        state === "coming" && actions.includes("reopen") ? act(words.drop, "drop", words.dropped, () => dropClosure(c.id)) : ""));
    return box;
  }
}

function placesOf(g: Geometry): [number, number][] {
  if (g.type === "GeometryCollection") return g.geometries.flatMap(placesOf);
  const deep = (c: unknown): Position[] => (typeof (c as Position)[0] === "number" ? [c as Position] : (c as unknown[]).flatMap(deep));
  return deep(g.coordinates) as [number, number][];
}
