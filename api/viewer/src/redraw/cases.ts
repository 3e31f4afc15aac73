// The adjustments that were proposed: lists, and one with what the reader may
// do to it now.

import { h } from "../dom.ts";
import { saveAs } from "../files.ts";
import { wayWords } from "../way_words.ts";
import { type Language, dictionaries } from "../words.ts";
import { type ActBody, type Adjustment, type AuditLine, type Preview, act, loadAdjustment, loadAdjustments, loadAudit, loadPreview } from "./client.ts";
import { type EffectActs, Effects } from "./effects.ts";
import { faultOf } from "./faults.ts";
import { type RedrawWords, redrawWords } from "./words.ts";

export interface CaseActs extends EffectActs {
  edit(a: Adjustment): void;
  preview(p: Preview | undefined): void;
  acted(): void;
}

export class Cases {
  readonly element = h("div", { className: "cases" });
  readonly #acts: CaseActs;
  #language: Language = "zh";
  #query: Record<string, string> = {};
  #open: Adjustment | undefined;
  #turn = 0; // of what is being read; only the last is shown

  constructor(acts: CaseActs) { this.#acts = acts; }

  get #words(): RedrawWords { return redrawWords[this.#language]; }

  // list shows the adjustments that fit a query.
  async list(query: Record<string, string>, language: Language): Promise<void> {
    this.#language = language;
    this.#query = query;
    this.#open = undefined;
    this.#acts.preview(undefined);
    const turn = ++this.#turn;
    this.element.replaceChildren(h("p", { className: "wait" }, dictionaries[language].loading));
    try {
      const all = await loadAdjustments(query);
      if (turn === this.#turn) this.#showList(all);
    } catch (fault) {
      if (turn === this.#turn) this.element.replaceChildren(faultOf(fault, this.#language), this.#again());
    }
  }

  // speak shows the same in another language.
  speak(language: Language): void {
    this.#language = language;
    void (this.#open ? this.show(this.#open.id) : this.list(this.#query, language));
  }

  #again(): HTMLElement {
    return h("button", { type: "button", onclick: () => void this.list(this.#query, this.#language) }, dictionaries[this.#language].retry);
  }

  #showList(all: Adjustment[]): void {
    const line = (a: Adjustment) => h("li", {}, h("button", { type: "button", className: "case", data: { case: String(a.id) }, onclick: () => void this.show(a.id) },
      h("span", { className: "case-title" }, a.title || `#${a.id}`), this.#chip(a.state),
      h("small", {}, [`#${a.id}`, a.street?.name, a.proposer, this.#day(a.updated)].filter(Boolean).join(" · "))));
    this.element.replaceChildren(all.length === 0 ? h("p", { className: "wait" }, this.#words.none) : h("ul", {}, ...all.map(line)),
      h("button", { type: "button", onclick: () => void this.list(this.#query, this.#language) }, this.#words.refresh));
  }

  #chip(state: string): HTMLElement { return h("span", { className: "state", data: { state } }, this.#words.states[state] ?? state); }

  // show opens one adjustment.
  async show(id: number, said?: string): Promise<void> {
    const turn = ++this.#turn;
    try {
      const a = await loadAdjustment(id);
      const [preview, audit] = await Promise.allSettled([loadPreview(id), loadAudit(id)]);
      if (turn !== this.#turn) return;
      this.#open = a;
      this.#showOne(a, preview, audit.status === "fulfilled" ? audit.value : [], said);
    } catch (fault) {
      if (turn === this.#turn) this.element.replaceChildren(this.#back(), faultOf(fault, this.#language));
    }
  }

  #back(): HTMLElement {
    return h("button", { type: "button", className: "plain", onclick: () => void this.list(this.#query, this.#language) }, `← ${this.#words.back}`);
  }

  #showOne(a: Adjustment, preview: PromiseSettledResult<Preview>, audit: AuditLine[], said: string | undefined): void {
    const words = this.#words;
    const shown = preview.status === "fulfilled" ? new Effects(this.#acts, this.#language).show(preview.value) : [faultOf(preview.reason, this.#language)];
    this.#acts.preview(preview.status === "fulfilled" ? preview.value : undefined);
    this.element.replaceChildren(this.#back(), h("h2", { className: "name" }, a.title || `#${a.id}`, " ", this.#chip(a.state)), said ? h("p", { className: "said", role: "status" }, said) : "",
      this.#facts(a), this.#buttons(a), this.#papers(a), h("h2", {}, words.effects), h("div", { className: "effects" }, ...shown), this.#audit(audit));
  }

  #facts(a: Adjustment): HTMLElement {
    const words = this.#words;
    const { decision } = a;
    const facts: [string, string | undefined | false][] = [
      [words.street, a.street?.name], [words.reason, a.reason], [words.effective, this.#day(a.effective_at)], [words.proposer, a.proposer], [words.reviewer, a.reviewer], [words.approver, a.approver],
      [words.number, decision?.number], [words.date, decision?.date], [words.file, decision?.file], [words.consents, a.consents?.map((s) => s.name).join(wayWords[this.#language].listSeparator)],
      [words.undoes, !!a.reverts && `#${a.reverts}`], [words.result, !!a.result && String(a.result)]];
    return h("dl", { className: "case-facts" }, ...facts.filter(([, v]) => v).map(([t, v]) => h("div", {}, h("dt", {}, t), h("dd", {}, v || ""))));
  }

  // papers are documents of an adjustment.
  #papers(a: Adjustment): HTMLElement {
    const words = this.#words;
    const box = h("p", { className: "row-buttons" });
    const paper = (title: string, path: string, name: string) => h("button", { type: "button", onclick: async () => {
      try {
        await saveAs(name, path);
      } catch (fault) {
        box.after(faultOf(fault, this.#language));
      }
    } }, title);
    if (a.decision?.file) box.append(paper(words.file, `adjustments/${a.id}/decision`, a.decision.file));
    box.append(paper(words.codes, `adjustments/${a.id}/codes?f=xlsx`, `codes-${a.id}.xlsx`), paper(words.sheet, `adjustments/${a.id}/sheet`, `sheet-${a.id}.html`));
    return box;
  }

  #buttons(a: Adjustment): HTMLElement {
    const words = this.#words;
    const form = h("div", { className: "act" });
    const button = (action: string) => h("button", { type: "button", data: { act: action }, className: ["approve", "review", "apply", "submit", "consent"].includes(action) ? "primary" : "",
      onclick: () => (action === "edit" ? this.#acts.edit(a) : form.replaceChildren(this.#form(a, action, form))) }, words.actions[action] ?? action);
    return h("div", {}, h("p", { className: "row-buttons" }, ...(a.actions ?? []).filter((x) => x !== "create" && x !== "schedule").map(button)), form);
  }

  // form asks what goes with an action.
  #form(a: Adjustment, action: string, box: HTMLElement): HTMLElement {
    const words = this.#words;
    const note = h("textarea", { rows: 2, name: "note" });
    const number = h("input", { type: "text", name: "number" });
    const date = h("input", { type: "date", name: "date" });
    const file = h("input", { type: "file", name: "file" });
    const effective = h("input", { type: "date", name: "effective" });
    const approving = action === "approve";
    const field = (title: string, input: HTMLElement) => h("label", { className: "field" }, h("span", {}, title), input);
    const form = h("form", {}, approving && field(words.number, number), approving && field(words.date, date), approving && field(words.file, file),
      approving && field(words.effective, effective), field(words.note, note),
      h("p", { className: "row-buttons" }, h("button", { type: "submit", className: "primary", data: { confirm: action } }, words.doAction(words.actions[action] ?? action)),
        h("button", { type: "button", onclick: () => box.replaceChildren() }, words.cancel)));
    form.onsubmit = async (e) => {
      e.preventDefault();
      const chosen = file.files?.[0];
      const body: ActBody = { ...(note.value.trim() && { note: note.value.trim() }), ...(approving && number.value.trim() && { decision: { number: number.value.trim(), date: date.value } }),
        ...(approving && effective.value && { effective_at: effective.value }), ...(chosen && { file: { name: chosen.name, content: await base64(chosen) } }) };
      await this.#do(a, action, body, form);
    };
    queueMicrotask(() => (approving ? number : note).focus());
    return form;
  }

  async #do(a: Adjustment, action: string, body: ActBody, form: HTMLElement): Promise<void> {
    form.querySelector(".fault")?.remove();
    const button = form.querySelector<HTMLButtonElement>("[type=submit]")!;
    button.disabled = true;
    try {
      const result = await act(a, action, body);
      const name = this.#words.actions[action] ?? action;
      this.#acts.acted();
      await this.show(action === "revert" ? result.id : a.id, action === "revert" ? this.#words.reverted(result.id) : this.#words.done(name));
    } catch (fault) {
      form.append(faultOf(fault, this.#language)); // what was written stays
      button.disabled = false;
    }
  }

  #audit(lines: AuditLine[]): HTMLElement {
    const words = this.#words;
    const line = (l: AuditLine) => h("li", {}, h("span", {}, `${words.actions[l.action] ?? l.action}`, l.to && l.to !== l.from ? ` → ${words.states[l.to] ?? l.to}` : ""),
      h("small", {}, [this.#day(l.at, true), l.actor, wayWords[this.#language].roles[l.role] ?? l.role].filter(Boolean).join(" · ")), l.note ? h("p", {}, l.note) : "");
    return h("section", { className: "audit" }, h("h2", {}, words.history), h("ol", {}, ...lines.map(line)));
  }

  #day(text: string | null | undefined, withTime = false): string {
    const at = new Date(text ?? "");
    if (!text || Number.isNaN(at.getTime()) || at.getFullYear() < 1971) return "";
    return new Intl.DateTimeFormat(dictionaries[this.#language].locale, { dateStyle: "medium", ...(withTime && { timeStyle: "short" }), timeZone: "Asia/Shanghai" }).format(at);
  }
}

async function base64(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}
