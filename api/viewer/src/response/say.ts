// Times and lengths in words.

import { numberInWords } from "../say.ts";
import { type Language, dictionaries } from "../words.ts";
import type { Parts } from "./client.ts";
import { responseWords } from "./words.ts";

// timeInWords is a time to the second.
export function timeInWords(seconds: number, language: Language): string {
  const words = responseWords[language];
  const whole = Math.round(seconds);
  const rest = String(whole % 60);
  return whole < 60 ? words.seconds(rest) : words.minutes(numberInWords(Math.floor(whole / 60), dictionaries[language].locale, 0), rest);
}

export function lengthInWords(metres: number, language: Language): string {
  const { locale } = dictionaries[language];
  const words = responseWords[language];
  return metres < 1000 ? `${numberInWords(metres, locale, 0)} ${words.m}` : `${numberInWords(metres / 1000, locale, metres < 1e5 ? 2 : 0)} ${words.km}`;
}

export const countInWords = (n: number, language: Language): string => numberInWords(n, dictionaries[language].locale, 0);

// percent tells little from nothing.
export function percent(share: number, language: Language): string {
  const told = (v: number) => new Intl.NumberFormat(dictionaries[language].locale, { style: "percent", maximumFractionDigits: 1 }).format(v);
  return share > 0 && share < 0.001 ? `< ${told(0.001)}` : told(share);
}

export const partNames = ["call", "turnout", "travel", "access"] as const;

// whyLater says which parts make one time longer than another, the most first.
export function whyLater(first: Parts, other: Parts, language: Language): string {
  const words = responseWords[language];
  const differences = partNames.map((name) => [name, Math.round(other[name]) - Math.round(first[name])] as const).filter(([, d]) => d !== 0);
  return differences.sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).map(([name, d]) => `${words.parts[name]} ${d > 0 ? "+" : "−"}${timeInWords(Math.abs(d), language)}`).join(language === "zh" ? "，" : ", ");
}

// whenInWords is an instant in the district's own time.
export function whenInWords(text: string | null | undefined, language: Language): string {
  const at = new Date(text ?? "");
  if (!text || Number.isNaN(at.getTime())) return "";
  return new Intl.DateTimeFormat(dictionaries[language].locale, { dateStyle: "medium", timeStyle: "short", timeZone: "Asia/Shanghai" }).format(at);
}
