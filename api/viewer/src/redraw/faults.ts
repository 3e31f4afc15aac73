// Refusals of proposals.

import { faultOf as said } from "../faults.ts";
import { Refusal } from "../service.ts";
import type { Language } from "../words.ts";
import type { Check } from "./client.ts";
import { redrawWords } from "./words.ts";

// faultOf says why something failed, in the words of this panel.
export const faultOf = (fault: unknown, language: Language): HTMLElement => said(fault, language, redrawWords[language].rules);

// checksOf are the broken rules that a refusal names.
export function checksOf(fault: unknown): Check[] {
  return fault instanceof Refusal ? fault.problem.checks as Check[] | undefined ?? [] : [];
}
