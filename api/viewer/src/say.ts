// Values of features in words.

import type { Field, Feature, Layer } from "./catalogue.ts";
import { type Language, dictionaries, inWords } from "./words.ts";

// valueInWords is a value as people say it, undefined if there is none.
export function valueInWords(field: Field, value: unknown, language: Language): string | undefined {
  const words = dictionaries[language];
  if (value === null || value === undefined || value === "") return undefined;
  const label = field.values?.find((v) => v.value === String(value));
  if (label) return inWords(label.title, language, String(value));
  if (typeof value === "boolean") return value ? words.yes : words.no;
  if (field.type === "date" || field.type === "time") return dateInWords(String(value), field.type === "time", words.locale);
  if (typeof value !== "number") return String(value);
  return withUnit(numberInWords(value, words.locale), field.unit, language);
}

export function numberInWords(value: number, locale: string, digits = 2): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value);
}

// dateInWords is a day, or an instant in the district's own time.
function dateInWords(text: string, withTime: boolean, locale: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return text;
  const style: Intl.DateTimeFormatOptions = withTime
    ? { dateStyle: "medium", timeStyle: "short", timeZone: "Asia/Shanghai" } : { dateStyle: "medium", timeZone: "UTC" };
  return new Intl.DateTimeFormat(locale, style).format(at);
}

const unitsZH: Record<string, string> = {
  persons: "人", person: "人", people: "人", households: "户", rooms: "间", storeys: "层", floors: "层", vehicles: "辆",
  s: "秒", seconds: "秒", min: "分钟", m: "米", km: "公里", "m²": "平方米", m2: "平方米", "km²": "平方公里", "m³": "立方米", ha: "公顷", "km/h": "公里/小时",
};
const unitsEN: Record<string, string> = { persons: "people", person: "people", m2: "m²" };

function withUnit(number: string, unit: string | undefined, language: Language): string {
  if (!unit) return number;
  const word = (language === "zh" ? unitsZH : unitsEN)[unit] ?? unit;
  return `${number} ${word}`;
}

// englishLabel is the field that holds a layer's English names, if it has one.
export function englishLabel(layer: Layer): string | undefined {
  return layer.fields.find((f) => f.name === `${layer.label}_en`)?.name;
}

// nameInWords is what a feature is called: by its name, else by what kind of
// thing it is, else by its code or the first text it has.
export function nameInWords(layer: Layer, properties: Feature["properties"], id: number | string | undefined, language: Language): string {
  const english = language === "en" ? englishLabel(layer) : undefined;
  const named = (english && properties[english]) || properties[layer.label];
  if (named) return String(named);
  const kind = layer.fields.find((f) => f.values && f.required && f.name !== "status");
  const words = kind && valueInWords(kind, properties[kind.name], language);
  const texts = layer.fields.filter((f) => f.type === "text").map((f) => properties[f.name]);
  return words ?? String(properties[layer.code] ?? texts.find(Boolean) ?? id ?? "");
}
