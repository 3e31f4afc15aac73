// The search box: a combobox over the names, codes and coordinates that the
// service finds.

import { type Found, type FoundPlace, type Layer, type SearchAnswer, loadSearch } from "./catalogue.ts";
import { h, svg } from "./dom.ts";
import { numberInWords } from "./say.ts";
import { type Language, dictionaries, inWords } from "./words.ts";

export interface SearchActs {
  show(found: Found): void;
  go(place: FoundPlace): void;
  around(): { lng: number; lat: number };
  layer(id: string): Layer | undefined;
}

const debounce = 200;

// Choice is a line of the list.
interface Choice { element: HTMLElement; act(): void }

export class Search {
  readonly element = h("form", { id: "search", role: "search" });
  readonly #input = h("input", { type: "text", autocomplete: "off", spellcheck: false, role: "combobox", enterKeyHint: "search" });
  readonly #clear = h("button", { type: "button", className: "clear", hidden: true }, svg("M7 7l10 10M17 7L7 17"));
  readonly #list = h("ul", { id: "found", role: "listbox", hidden: true });
  readonly #status = h("p", { className: "outcome", role: "status", hidden: true });
  readonly #acts: SearchActs;
  #language: Language = "zh";
  #choices: Choice[] = [];
  #active = -1;
  #timer = 0;
  #asking = new AbortController();

  constructor(acts: SearchActs) {
    this.#acts = acts;
    for (const [name, value] of Object.entries({ controls: "found", autocomplete: "list", expanded: "false", haspopup: "listbox" })) this.#input.setAttribute(`aria-${name}`, value);
    this.element.append(svg("M10.5 5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11zM14.8 14.8L19.5 19.5"), this.#input, this.#clear, this.#status, this.#list);
    this.#input.oninput = () => this.#later();
    this.#input.onkeydown = (e) => this.#key(e);
    this.#clear.onclick = () => { this.#input.value = ""; this.#close(); this.#input.focus(); };
    this.element.onsubmit = (e) => { e.preventDefault(); void this.#enter(); };
    this.element.addEventListener("focusout", (e) => { if (!this.element.contains(e.relatedTarget as Node | null)) this.#fold(); });
    this.#input.onfocus = () => this.#unfold();
  }

  // speak renews the words.
  speak(language: Language): void {
    const words = dictionaries[language];
    this.#language = language;
    this.#input.placeholder = words.searchHint;
    this.#input.setAttribute("aria-label", words.searchHint);
    this.#list.setAttribute("aria-label", words.found);
    this.#clear.title = words.clear;
    this.#clear.setAttribute("aria-label", words.clear);
    if (this.#choices.length > 0 || !this.#status.hidden) void this.#ask();
  }

  #later(): void {
    clearTimeout(this.#timer);
    this.#clear.hidden = this.#input.value === "";
    if (this.#input.value.trim() === "") return this.#close();
    this.#timer = setTimeout(() => void this.#ask(), debounce);
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#timer);
    this.#asking.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    const { lng, lat } = this.#acts.around();
    try {
      const answer = await loadSearch(this.#input.value, lng, lat, signal);
      if (!signal.aborted) this.#show(answer);
    } catch (fault) {
      if (signal.aborted) return;
      console.info(fault);
      this.#close();
      this.#tell(dictionaries[this.#language].searchFailed);
    }
  }

  #show(answer: SearchAnswer): void {
    const words = dictionaries[this.#language];
    this.#choices = [...answer.places.map((p) => this.#placeChoice(p)), ...answer.results.map((f) => this.#choice(f))];
    this.#choices.forEach(({ element }, i) => {
      element.id = `found-${i}`;
      element.role = "option";
      element.onpointerdown = (e) => e.preventDefault(); // the box keeps the focus until the click
      element.onclick = () => this.#choose(i);
    });
    this.#list.replaceChildren(...this.#choices.map((c) => c.element));
    this.#activate(-1);
    const cut = answer.numberMatched > answer.numberReturned;
    this.#tell(this.#choices.length === 0 ? words.nothingFound : cut ? words.foundOf(numberInWords(answer.numberMatched, words.locale), answer.numberReturned) : "");
    this.#unfold();
  }

  #choice(found: Found): Choice {
    const layer = this.#acts.layer(found.layer);
    const code = found.code && found.code !== found.name ? found.code : "";
    return { act: () => this.#acts.show(found),
      element: h("li", {}, h("span", {}, found.name), h("small", {}, [layer ? inWords(layer.title, this.#language, layer.id) : found.layer, code].filter(Boolean).join(" · "))) };
  }

  #placeChoice(place: FoundPlace): Choice {
    const words = dictionaries[this.#language];
    const [lon, lat] = place.at;
    const doubts = place.doubts.map((d) => words.doubts[d.kind as keyof typeof words.doubts] ?? d.detail);
    return { act: () => this.#acts.go(place),
      element: h("li", { className: "place" }, h("span", {}, `${lon.toFixed(6)}, ${lat.toFixed(6)}`),
        h("small", {}, [`${words.coordinates} ${place.crs}`, place.grid?.name].filter(Boolean).join(" · ")), ...doubts.map((d) => h("small", { className: "doubt" }, d))) };
  }

  #tell(text: string): void {
    this.#status.textContent = text;
    this.#status.hidden = text === "";
  }

  #key(e: KeyboardEvent): void {
    if (e.isComposing) return; // an input method is choosing characters
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (step && this.#choices.length > 0) {
      e.preventDefault();
      this.#unfold();
      const count = this.#choices.length + 1; // with the box itself
      this.#activate(((this.#active + 1 + step + count) % count) - 1);
    }
    if (e.key === "Escape") {
      if (this.#list.hidden) this.#input.value = "";
      this.#clear.hidden = this.#input.value === "";
      this.#fold();
    }
  }

  #activate(index: number): void {
    this.#active = index;
    this.#choices.forEach(({ element }, i) => element.setAttribute("aria-selected", String(i === index)));
    const active = this.#choices[index]?.element;
    active?.scrollIntoView({ block: "nearest" });
    active ? this.#input.setAttribute("aria-activedescendant", active.id) : this.#input.removeAttribute("aria-activedescendant");
  }

  // enter takes the chosen line, or the first.
  async #enter(): Promise<void> {
    if (this.#active < 0 && this.#input.value.trim() !== "") await this.#ask();
    this.#choose(Math.max(this.#active, 0));
  }

  #choose(index: number): void {
    const choice = this.#choices[index];
    if (!choice) return;
    this.#fold();
    choice.act();
  }

  #unfold(): void {
    const open = this.#choices.length > 0;
    this.#list.hidden = !open;
    this.#input.setAttribute("aria-expanded", String(open));
  }

  #fold(): void {
    this.#list.hidden = true;
    this.#status.hidden = true;
    this.#input.setAttribute("aria-expanded", "false");
    this.#activate(-1);
  }

  #close(): void {
    this.#asking.abort();
    this.#choices = [];
    this.#list.replaceChildren();
    this.#clear.hidden = this.#input.value === "";
    this.#fold();
  }
}
