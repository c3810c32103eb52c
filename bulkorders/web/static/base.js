// What all scripts share: the language, elements made of text only, calls to the API.
document.documentElement.classList.add("scripted");

export const isEnglish = document.documentElement.lang === "en";
export const say = (zh, en) => (isEnglish ? en : zh);
export const number = (found) => Number(found).toLocaleString("en-US");

const csrf = document.querySelector('meta[name="csrf"]')?.content ?? "";

/** An element with attributes; its children are nodes or texts, never HTML. */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export function sign(tone, word) {
  return el("span", { class: `chip ${tone}` }, el("span", { class: "sign", "aria-hidden": "true" }), word);
}

export const TONES = {
  created: "good", skipped: "good", accepted: "busy", invalid: "bad", changed: "bad", rejected: "bad", in_doubt: "open", unsent: "open",
};

/** What the server said was wrong, as one sentence for people. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** The Refused of an answer: the server's own sentence where it has one. */
export function refusedBy(status, body) {
  if (status === 401) {
    const to = encodeURIComponent(location.pathname + location.search);
    location.assign(`/login?to=${to}`);
  }
  return new Refused(status, body?.message ?? say(`服务器没有答应（${status}），请稍后再试。`, `The server refused (${status}), try again later.`));
}

/** Calls the API; gives the JSON. Throws Refused. */
export async function call(path, { method = "GET", body, signal } = {}) {
  const headers = { Accept: "application/json", "Accept-Language": isEnglish ? "en" : "zh" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(`/api/v1${path}`, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, say("连不上服务器，请检查网络，稍后再试。", "The server cannot be reached; check the network and try again."));
  }
  const found = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw refusedBy(answer.status, found);
  return found;
}

export const token = () => csrf;

/** A time as people say it; the same rounding as the server's. */
export function duration(seconds) {
  if (seconds < 90) return say(`${Math.max(Math.round(seconds), 1)} 秒`, `${Math.max(Math.round(seconds), 1)} s`);
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return say(`${minutes} 分钟`, `${minutes} min`);
  return say(`${Math.floor(minutes / 60)} 小时 ${minutes % 60} 分钟`, `${Math.floor(minutes / 60)} h ${minutes % 60} min`);
}

/**
 * Fetches this page anew and puts the named parts of it in the place of those that are shown. The server renders, once and for all.
 * The focus stays where it was; where that is gone it goes to the heading of its part.
 */
export async function renew(ids) {
  const answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) {
    location.reload();
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ids) {
    const old = document.getElementById(id);
    const fresh = page.getElementById(id);
    if (!old || !fresh) continue;
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    old.replaceWith(document.adoptNode(fresh));
    if (!focused) continue;
    const heir = (focused.id && fresh.querySelector(`#${CSS.escape(focused.id)}`)) || fresh.querySelector("h2");
    if (heir?.tagName === "H2") heir.tabIndex = -1;
    heir?.focus({ preventScroll: true });
  }
}

export const wait = (ms) => new Promise((done) => setTimeout(done, ms));
