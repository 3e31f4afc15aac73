// Questions to the service that readers change while they wait.

import { type Child, h } from "./dom.ts";
import { faultOf } from "./faults.ts";
import { type Language, dictionaries } from "./words.ts";

// Asking is a box for the answer to a question. The answer to the last
// question is shown; what was asked before is dropped. Its data-state is
// empty, loading, ready or failed.
export class Asking {
  readonly element = h("div", { className: "asking", data: { state: "empty" } });
  #controller = new AbortController();

  // ask shows what comes of a question, or why nothing does and a button to
  // ask again. An answer that is there stays until then.
  async ask<T>(language: Language, load: (signal: AbortSignal) => Promise<T>, show: (answer: T) => Child[], rules: Record<string, string> = {}): Promise<T | undefined> {
    this.#controller.abort();
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    const { dataset } = this.element;
    dataset.state = "loading";
    this.element.setAttribute("aria-busy", "true");
    if (this.element.childElementCount === 0) this.element.append(h("p", { className: "wait", role: "status" }, dictionaries[language].loading));
    let answer: T;
    try {
      answer = await load(signal);
    } catch (fault) {
      if (signal.aborted) return undefined;
      this.#put([faultOf(fault, language, rules),
        h("button", { type: "button", data: { key: "again" }, onclick: () => void this.ask(language, load, show, rules) }, dictionaries[language].retry)]);
      dataset.state = "failed";
      return undefined;
    }
    if (signal.aborted) return undefined;
    this.#put(show(answer));
    dataset.state = "ready";
    return answer;
  }

  // say shows something without a question.
  say(...children: Child[]): void {
    this.#controller.abort();
    this.#put(children);
    this.element.dataset.state = "empty";
  }

  // put renews the box; the element with the same key gets the focus.
  #put(children: Child[]): void {
    this.element.removeAttribute("aria-busy");
    const at = document.activeElement;
    const key = at instanceof HTMLElement && this.element.contains(at) ? at.dataset.key : undefined;
    const open = new Set([...this.element.querySelectorAll<HTMLElement>("details[open][data-key]")].map((d) => d.dataset.key));
    this.element.replaceChildren(...children.filter((c): c is Node | string => !!c));
    for (const d of this.element.querySelectorAll<HTMLDetailsElement>("details[data-key]")) d.open ||= open.has(d.dataset.key);
    if (key) this.element.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
  }
}
