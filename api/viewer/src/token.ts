// The token that the reader signed in with. It is kept for this tab alone and
// forgotten with it.

const key = "wangge.token";

// Browsers may forbid a page to remember anything; then it is kept in memory.
let held = "";

// token is what the reader signed in with, "" for nobody.
export function token(): string {
  try {
    return sessionStorage.getItem(key) ?? held;
  } catch {
    return held;
  }
}

// keepToken signs in, or out with "".
export function keepToken(text: string): void {
  held = text;
  try {
    text ? sessionStorage.setItem(key, text) : sessionStorage.removeItem(key);
  } catch (fault) {
    console.info(fault);
  }
}

// bearer is the header that tells the service who asks.
export function bearer(): Record<string, string> {
  const text = token();
  return text ? { Authorization: `Bearer ${text}` } : {};
}
