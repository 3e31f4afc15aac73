// Refusals of the service in plain words.

import { h } from "../dom.ts";
import { type Check, Refusal } from "./client.ts";
import type { RedrawWords } from "./words.ts";

// faultOf says why something failed.
export function faultOf(fault: unknown, words: RedrawWords): HTMLElement {
  if (!(fault instanceof Refusal)) {
    if (!(fault instanceof TypeError)) console.info(fault);
    return h("p", { className: "fault", role: "alert" }, words.unreachable);
  }
  const { status, detail, fix, rule } = fault.problem;
  const general = words.faults[status] ?? (status >= 500 ? words.serverFault : "");
  const particular = /[：:]\s*$/.test(general) || general === "" ? words.rules[rule ?? ""] ?? detail ?? "" : "";
  return h("p", { className: "fault", role: "alert", data: { status: String(status) } }, general + particular, fix && h("small", {}, ` ${fix}`));
}

// checksOf are the broken rules that a refusal names.
export function checksOf(fault: unknown): Check[] {
  return fault instanceof Refusal ? fault.problem.checks ?? [] : [];
}
