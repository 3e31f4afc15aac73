// Asking the service in the reader's name, and being refused.

import { root } from "./catalogue.ts";
import { bearer } from "./token.ts";

export interface Person { name?: string; role: string; street?: string; sees_small_counts?: boolean }

// Problem is a refusal of the service (RFC 9457).
export interface Problem { status: number; title?: string; detail?: string; rule?: string; fix?: string; [name: string]: unknown }

// Refusal is an answer that is not the one asked for.
export class Refusal extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail ?? problem.title ?? String(problem.status));
    this.problem = problem;
  }
}

export interface Request { method?: string; body?: unknown; revision?: number | string | undefined; signal?: AbortSignal; writes?: boolean }

// Keys of requests that got no answer: sent again they act once.
const unanswered = new Map<string, string>();

function keyOf(request: string): string {
  const key = unanswered.get(request) ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
  unanswered.set(request, key);
  return key;
}

// send asks the service in the reader's name. What writes nothing carries no
// key, however it is sent.
export async function send(path: string, { method = "GET", body, revision, signal, writes = true }: Request = {}): Promise<Response> {
  const text = body instanceof Blob || body === undefined ? body : JSON.stringify(body);
  const acts = method !== "GET" && method !== "HEAD" && writes;
  const request = `${method} ${path} ${revision} ${text}`;
  const headers = { Accept: "application/json", ...bearer(), ...(typeof text === "string" && { "Content-Type": "application/json" }),
    ...(revision !== undefined && { "If-Match": `"${revision}"` }), ...(acts && { "Idempotency-Key": keyOf(request) }) };
  const answer = await fetch(new URL(path, root), { method, headers, ...(text !== undefined && { body: text }), ...(signal && { signal }) });
  if (answer.status < 500) unanswered.delete(request);
  if (!answer.ok) throw new Refusal(await problemOf(answer));
  return answer;
}

async function problemOf(answer: Response): Promise<Problem> {
  const said = await answer.json().catch(() => ({})) as Partial<Problem>;
  return { ...said, status: answer.status };
}

// ask is send for JSON.
export async function ask<T>(path: string, request: Request = {}): Promise<T> {
  return (await send(path, request)).json() as Promise<T>;
}

// plan asks a question that is too long for an address.
export const plan = <T>(path: string, body: unknown, signal?: AbortSignal) => ask<T>(path, { method: "POST", body, writes: false, ...(signal && { signal }) });

export const whoami = () => ask<Person>("whoami");
