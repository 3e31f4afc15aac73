// Signing in, for the panels in which something can be kept.

import { loadFeature } from "./catalogue.ts";
import { h } from "./dom.ts";
import { faultOf } from "./faults.ts";
import { type Person, Refusal, whoami } from "./service.ts";
import { keepToken, token } from "./token.ts";
import type { Language } from "./words.ts";
import { wayWords } from "./way_words.ts";

// Account says who is signed in and lets readers sign in and out.
export class Account {
  readonly element = h("section", { className: "account" });
  readonly #changed: () => void;
  #language: Language = "zh";
  #guest = ""; // what may be done without signing in
  #person: Person | undefined;
  #street = "";
  #fault: HTMLElement | undefined;

  // An account tells when somebody else is signed in, or nobody.
  constructor(changed: () => void) { this.#changed = changed; }

  // person is who is signed in, if anybody.
  get person(): Person | undefined { return this.#person?.role ? this.#person : undefined; }

  // begin finds out whose token is kept. Another panel may have changed it.
  begin(): void {
    if (!token()) return this.#person && this.#leave();
    void this.#greet().catch(console.info);
  }

  speak(language: Language, guest: string): void {
    this.#language = language;
    this.#guest = guest;
    this.#show();
  }

  #show(): void {
    const words = wayWords[this.#language];
    if (this.person) {
      const { name, role } = this.person;
      const who = [name, words.roles[role] ?? role, this.#street].filter(Boolean).join(" · ");
      return this.element.replaceChildren(h("p", { data: { signed: role } }, who), h("button", { type: "button", onclick: () => this.#leave() }, words.signOut));
    }
    const box = h("input", { type: "password", name: "token", autocomplete: "off", spellcheck: false, placeholder: words.token, aria: { label: words.token } });
    const form = h("form", {}, box, h("button", { type: "submit" }, words.signIn), this.#fault);
    form.onsubmit = (e) => { e.preventDefault(); if (box.value.trim()) void this.#enter(box.value.trim()); };
    this.element.replaceChildren(form, h("p", { className: "wait" }, this.#guest, " ", words.tokenHint));
  }

  async #enter(text: string): Promise<void> {
    keepToken(text);
    this.#fault = undefined;
    try {
      await this.#greet();
      if (!this.person) throw new Refusal({ status: 401 });
    } catch (fault) {
      keepToken("");
      const wrong = fault instanceof Refusal && fault.problem.status === 401;
      this.#fault = wrong ? h("p", { className: "fault", role: "alert" }, wayWords[this.#language].wrongToken) : faultOf(fault, this.#language);
      this.#show();
      this.element.querySelector("input")?.focus();
    }
  }

  async #greet(): Promise<void> {
    this.#person = await whoami();
    const code = this.#person.street;
    this.#street = code ? await loadFeature("streets", code).then((f) => String(f.properties.name ?? code), () => code) : "";
    this.#show();
    this.#changed();
  }

  #leave(): void {
    keepToken("");
    this.#person = undefined;
    this.#show();
    this.#changed();
    this.element.querySelector("input")?.focus();
  }
}
