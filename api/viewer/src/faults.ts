// Refusals of the service in plain words.

import { h } from "./dom.ts";
import { Refusal } from "./service.ts";
import type { Language } from "./words.ts";
import { wayWords } from "./way_words.ts";

// faultOf says why something failed and what would help. Rules are broken
// rules in the words of whoever asks.
export function faultOf(fault: unknown, language: Language, rules: Record<string, string> = {}): HTMLElement {
  const words = wayWords[language];
  if (!(fault instanceof Refusal)) {
    if (!(fault instanceof TypeError)) console.info(fault);
    return h("p", { className: "fault", role: "alert" }, words.unreachable);
  }
  const { status, detail, fix, rule } = fault.problem;
  const general = words.faults[status] ?? (status >= 500 ? words.serverFault : "");
  const particular = /[：:]\s*$/.test(general) || general === "" ? rules[rule ?? ""] ?? detail ?? "" : "";
  return h("p", { className: "fault", role: "alert", data: { status: String(status), ...(rule && { rule }) } }, general + particular, fix && language === "en" && h("small", {}, ` ${fix}`));
}
