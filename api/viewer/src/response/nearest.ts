// Who gets to a place first, and why.

import type { LngLat, Point } from "maplibre-gl";
import { Asking } from "../asking.ts";
import { buttons, keepingFocus, number } from "../asked.ts";
import { type Child, h } from "../dom.ts";
import { typeface } from "../fonts.ts";
import { type Features, Over, type Piece } from "../over.ts";
import { valueInWords } from "../say.ts";
import type { Desk, Tab } from "../tab.ts";
import { wayWords } from "../way_words.ts";
import { type Candidate, type Nearest, type Place, loadNearest } from "./client.ts";
import type { Key } from "./response.ts";
import { countInWords, lengthInWords, partNames, timeInWords, whyLater } from "./say.ts";
import { type ResponseWords, responseWords } from "./words.ts";

const most = 100; // candidates that the service lists at once

// Answer is who gets there, and who is closest in a straight line: one of
// them, another with its rank and time, or one from which no road leads here.
interface Answer { nearest: Nearest; closest?: Candidate | undefined; rank: number; byRoad?: Candidate | undefined }

const line = { "line-join": "round", "line-cap": "round" } as const;
const isKind = (...kinds: string[]) => ["match", ["get", "kind"], kinds, true, false];

const pieces = [
  { type: "line", filter: isKind("other"), layout: line, paint: { "line-color": "#5a6675", "line-width": 3, "line-opacity": 0.65 } },
  { type: "line", filter: isKind("straight"), layout: line, paint: { "line-color": "#111827", "line-width": 2, "line-dasharray": [1.5, 2] } },
  { type: "line", filter: isKind("access"), layout: line, paint: { "line-color": "#0b4f9c", "line-width": 2.5, "line-dasharray": [1, 1.4] } },
  { type: "line", filter: isKind("route"), layout: line, paint: { "line-color": "#ffffff", "line-width": 9 } },
  { type: "line", filter: isKind("route"), layout: line, paint: { "line-color": "#0b6bcb", "line-width": 5 } },
  { type: "circle", filter: isKind("place"), paint: { "circle-radius": 8, "circle-color": "#b3261e", "circle-stroke-color": "#fff", "circle-stroke-width": 3 } },
  { type: "circle", filter: isKind("candidate", "closest"),
    paint: { "circle-radius": 14, "circle-color": "rgba(255,255,255,.75)", "circle-stroke-color": ["match", ["get", "kind"], "candidate", "#0b4f9c", "#111827"],
    "circle-stroke-width": 2.5 } },
  { type: "symbol", filter: isKind("candidate"),
    layout: { "text-field": ["get", "rank"], "text-font": [typeface], "text-size": 14, "text-allow-overlap": true, "text-ignore-placement": true }, paint: { "text-color": "#0b3d91" } },
  { type: "symbol", filter: isKind("candidate", "closest"),
    layout: { "text-field": ["get", "name"], "text-font": [typeface], "text-size": 12.5, "text-anchor": "top", "text-offset": [0, 1.3], "text-optional": true },
    paint: { "text-color": "#0b3d91", "text-halo-color": "#fff", "text-halo-width": 2 } },
] as unknown as Piece[];

export class NearestTab implements Tab {
  readonly element = h("div", {});
  readonly #desk: Desk<Key>;
  readonly #over: Over;
  readonly #form = h("div", {});
  readonly #asking = new Asking();
  #answer: Answer | undefined;
  #chosen = 0; // whose route is drawn

  constructor(desk: Desk<Key>) {
    this.#desk = desk;
    this.#over = new Over(desk.host.map, "response-nearest");
    this.#asking.element.id = "response-answer";
    this.element.append(this.#form, this.#asking.element);
  }

  get #words(): ResponseWords { return responseWords[this.#desk.language]; }
  get #byTime(): boolean { return this.#desk.asked.get("by") === "time"; }

  get #place(): Place | undefined {
    const at = this.#desk.asked.get("at").split(",").map(Number);
    return at.length === 2 && at.every(Number.isFinite) ? at as Place : undefined;
  }

  speak(): void {
    const words = this.#words;
    const { asked } = this.#desk;
    const set = (change: Partial<Record<Key, string>>) => { asked.set(change); this.speak(); this.#desk.settle(); };
    keepingFocus(this.#form, () => this.#form.replaceChildren(
      h("p", { className: "hint-text" }, words.how),
      h("div", { className: "fields" },
        h("div", { className: "field" }, h("span", {}, words.by),
        buttons(words.by, "by", asked.get("by"), (["time", "distance"] as const).map((value) => ({ value, title: words.bys[value] })), (by) => set({ by }))),
        number(words.many, "k", asked.get("k"), { min: 1, max: 20 }, (k) => set({ k }))),
      h("p", { className: "row-buttons" },
        h("button", { type: "button", data: { key: "middle" }, onclick: () => { const { lng, lat } = this.#desk.host.map.getCenter(); this.#ask([lng, lat]); } }, words.middle))));
  }

  show(): void {
    const place = this.#place;
    if (!place) return this.#asking.say();
    void this.#load(place);
  }

  hide(): void { this.#over.clear(); }

  clicked(_: Point, { lng, lat }: LngLat): boolean {
    this.#ask([lng, lat]);
    return true;
  }

  found(at: Place): void { this.#ask(at); }

  renewed(touched: (layer: string) => boolean): boolean { return ["response_points", "roads", "closures", "turn_restrictions"].some(touched); }

  #ask(at: Place): void {
    this.#desk.asked.set({ at: at.map((v) => v.toFixed(6)).join() });
    this.#chosen = 0;
    this.#desk.host.unfold();
    void this.#load(at);
  }

  async #load(place: Place): Promise<void> {
    this.#drawPlace(place);
    this.#answer = undefined;
    await this.#asking.ask(this.#desk.language, (signal) => this.#answered(place, signal), (answer) => {
      this.#answer = answer;
      this.#chosen = Math.min(this.#chosen, Math.max(0, answer.nearest.candidates.length - 1));
      this.#draw();
      return this.#said(answer);
    }, this.#words.rules);
  }

  async #answered([lon, lat]: Place, signal: AbortSignal): Promise<Answer> {
    const { asked } = this.#desk;
    const whom = { lon: lon.toFixed(7), lat: lat.toFixed(7), kind: asked.get("kind"), available: asked.get("available") };
    const straight = { ...whom, k: this.#byTime ? "1" : asked.get("k"), by: "distance" };
    if (!this.#byTime) return { nearest: await loadNearest(straight, signal), rank: 0 };
    const timed = { ...whom, by: "time", profile: asked.get("profile"), call: asked.get("call"), closures: asked.get("closures") };
    const [nearest, other] = await Promise.all([loadNearest({ ...timed, k: asked.get("k"), route: "true" }, signal), loadNearest(straight, signal)]);
    const closest = other.candidates[0];
    if (!closest || nearest.candidates[0]?.id === closest.id) return { nearest, closest, rank: closest ? 1 : 0 };
    const ranked = nearest.candidates.some((c) => c.id === closest.id) ? nearest : await loadNearest({ ...timed, k: String(most) }, signal);
    const at = ranked.candidates.findIndex((c) => c.id === closest.id);
    return { nearest, closest, rank: at + 1, byRoad: ranked.candidates[at] };
  }

  // --- in words

  #said({ nearest, closest, rank, byRoad }: Answer): Child[] {
    const words = this.#words;
    const { candidates, unreachable = 0, none, runner_up: next } = nearest;
    const place = nearest.place?.at ?? this.#place;
    const language = this.#desk.language;
    return [
      h("h2", {}, words.asked(place ? place.map((v) => v.toFixed(5)).join(", ") : "")),
      nearest.place?.road && h("p", { className: "wait" }, words.onRoad(nearest.place.road.name || words.someRoad, lengthInWords(nearest.place.road.distance, language))),
      ...(nearest.place?.doubts ?? []).map((d) => h("p", { className: "doubt" }, words.doubts[d.kind] ?? d.detail)),
      nearest.closures?.length ? h("p", { className: "doubt", data: { obeyed: "" } }, words.obeyed(nearest.closures.map((c) => c.name).join(wayWords[language].listSeparator))) : null,
      candidates.length === 0 && h("p", { className: "fault", role: "status" }, words.none, none && h("small", { lang: "en" }, ` ${none.detail} ${none.fix ?? ""}`)),
      candidates.length > 0 && this.#compared(closest, rank, byRoad),
      h("ol", { className: "ranked" }, ...candidates.map((c, i) => this.#candidate(c, i, candidates[0]!))),
      next && candidates[0] && !candidates.some((c) => c.id === next.id) && this.#runnerUp(next, candidates[0]),
      unreachable > 0 && candidates.length > 0 && h("p", { className: "wait" }, words.unreachable(countInWords(unreachable, language))),
    ];
  }

  #candidate(c: Candidate, i: number, first: Candidate): HTMLElement {
    const words = this.#words;
    const language = this.#desk.language;
    const main = c.time === undefined ? lengthInWords(c.distance, language) : timeInWords(c.time, language);
    const reason = i === 0 ? (c.time === undefined ? words.closest : words.quickest) : this.#behind(c, first);
    const ways = c.time === undefined ? [] : [c.route && words.byRoad(lengthInWords(c.route.length, language)), words.straight(lengthInWords(c.distance, language))];
    const roads = c.route?.roads?.map((r) => r.name).filter((n, at, all) => n && n !== all[at - 1]) ?? [];
    const choose = h("button",
      { type: "button", className: "step", data: { key: `candidate-${c.id}`, candidate: String(c.id) }, aria: { pressed: String(i === this.#chosen) }, title: words.showRoute(c.name),
      onclick: () => this.#choose(i) },
      h("span", { className: "rank" }, String(i + 1)),
        h("span", {}, h("b", {}, c.name), h("small", {}, [this.#kind(c.kind), c.available === false && words.unavailable].filter(Boolean).join(" · "))),
        h("span", { className: "measure" }, main));
    return h("li", { data: { candidate: String(c.id) } }, choose, c.parts && this.#parts(c), h("p", { className: "wait" }, [reason, ...ways].filter(Boolean).join(" · ")),
      i === this.#chosen && roads.length > 0 && h("p", { className: "wait" }, `${words.via} ${roads.slice(0, 8).join(language === "zh" ? " → " : " → ")}`));
  }

  // behind says by how much somebody comes after somebody else, and why.
  #behind(c: Candidate, first: Candidate): string {
    const words = this.#words;
    const language = this.#desk.language;
    if (c.time === undefined || first.time === undefined) return words.farther(lengthInWords(Math.max(0, c.distance - first.distance), language));
    const why = c.parts && first.parts ? whyLater(first.parts, c.parts, language) : "";
    return words.later(timeInWords(Math.max(0, c.time - first.time), language)) + (why && words.because(why));
  }

  #parts(c: Candidate): HTMLElement {
    const words = this.#words;
    const { language } = this.#desk;
    const bar = h("span", { className: "bar", aria: { hidden: "true" } }, ...partNames.map((name) => {
      const piece = h("i", { data: { part: name } });
      piece.style.setProperty("--share", String(Math.max(0, c.parts![name]) / Math.max(1, c.time ?? 1)));
      return piece;
    }));
    const said = (name: (typeof partNames)[number]) => h("span", { data: { part: name } },
      `${name === "travel" && this.#desk.asked.get("profile") === "walking" ? words.partsWalking : words.parts[name]} ${timeInWords(c.parts![name], language)}`);
    return h("div", { className: "parts" }, bar, h("p", {}, ...partNames.map(said)));
  }

  // compared says whether who is closest in a straight line comes first too.
  #compared(closest: Candidate | undefined, rank: number, byRoad: Candidate | undefined): Child {
    const words = this.#words;
    const language = this.#desk.language;
    if (!closest) return null;
    if (rank === 1) return h("p", { className: "wait", data: { agrees: "" } }, words.agrees);
    const d = lengthInWords(closest.distance, language);
    return h("p", { className: "summary", data: { differs: String(closest.id) } },
      byRoad?.time === undefined ? words.notByRoad(closest.name, d) : words.otherwise(closest.name, d, String(rank), timeInWords(byRoad.time, language)));
  }

  #runnerUp(next: Candidate, first: Candidate): HTMLElement {
    return h("p", { className: "wait", data: { runnerUp: String(next.id) } },
      this.#words.runnerUp([next.name, this.#kind(next.kind)].filter(Boolean).join(" · "), this.#behind(next, first)));
  }

  #kind(kind: string | undefined): string {
    const kinds = this.#desk.host.layer("response_points")?.fields.find((f) => f.name === "kind");
    return (kinds && valueInWords(kinds, kind, this.#desk.language)) ?? kind ?? "";
  }

  // --- on the map

  #choose(i: number): void {
    this.#chosen = i;
    this.#draw(true);
    if (this.#answer) keepingFocus(this.#asking.element, () => this.#asking.element.replaceChildren(...this.#said(this.#answer!).filter((c): c is HTMLElement => !!c)));
  }

  #drawPlace(place: Place): void { this.#over.draw("all", [point("place", place)], pieces); }

  #draw(again = false): void {
    const { nearest, closest, rank } = this.#answer!;
    const place = nearest.place?.at ?? this.#place!;
    const features: Features = [];
    nearest.candidates.forEach((c, i) => {
      const kind = i === this.#chosen ? "route" : "other";
      if (c.route) features.push({ type: "Feature", properties: { kind }, geometry: c.route.geometry });
      else if (c.at && i === this.#chosen) features.push(between("straight", c.at, place));
      if (i === this.#chosen && c.route && nearest.place?.road) features.push(between("access", nearest.place.road.at, place));
      if (c.at) features.push(point("candidate", c.at, { rank: String(i + 1), name: c.name }));
    });
    if (closest?.at && rank !== 1) {
      features.push(between("straight", closest.at, place));
      if (!nearest.candidates.some((c) => c.id === closest.id)) features.push(point("closest", closest.at, { name: closest.name }));
    }
    features.push(point("place", place));
    this.#over.draw("all", features, pieces);
    this.#fit(again ? [this.#chosen] : [0, this.#chosen]);
  }

  // fit shows the place and whom it is about, if they are out of sight.
  #fit(which: number[]): void {
    const { nearest, closest, rank } = this.#answer!;
    const places = [nearest.place?.at ?? this.#place!,
      ...which.flatMap((i) => { const c = nearest.candidates[i]; return [...(c?.route?.geometry.coordinates ?? []), ...(c?.at ? [c.at] : [])]; }),
      ...(closest?.at && rank !== 1 ? [closest.at] : [])];
    this.#desk.host.see(places as Place[]);
  }
}

const point = (kind: string, at: Place, more: Record<string, unknown> = {}): Features[number] => ({ type: "Feature", properties: { kind, ...more }, geometry: { type: "Point", coordinates: at } });
const between = (kind: string, from: Place, to: Place): Features[number] => ({ type: "Feature", properties: { kind }, geometry: { type: "LineString", coordinates: [from, to] } });
