// The orders of a batch, with cartons and lines, fetched as they are asked for.
import { call, el, Refused, say, sign, TONES } from "./base.js";

const COUNT = 50;
const main = document.getElementById("main");
const batch = encodeURIComponent(main.dataset.batch);

function fields(found) {
  return el("dl", { class: "fields" }, ...found.map((field) => el("div", {}, el("dt", {}, field.label), el("dd", {}, field.value))));
}

function lines(elements) {
  const labels = [...new Set(elements.flatMap((each) => each.fields.map((field) => field.label)))];
  const row = (each) => {
    const by = new Map(each.fields.map((field) => [field.label, field.value]));
    return el("tr", {}, ...labels.map((label) => el("td", {}, by.get(label) ?? "")));
  };
  const caption = say("明细", "Lines");
  return el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": caption },
    el("table", { class: "leaves" }, el("caption", { class: "quiet" }, caption),
      el("thead", {}, el("tr", {}, ...labels.map((label) => el("th", { scope: "col" }, label)))),
      el("tbody", {}, ...elements.map(row))));
}

function content(element) {
  const parts = [fields(element.fields)];
  for (const child of element.children) {
    if (child.elements.every((each) => !each.children.length)) {
      parts.push(lines(child.elements));
      continue;
    }
    child.elements.forEach((each, index) => {
      const number = el("span", { class: "carton-no", "aria-hidden": "true" }, String(index + 1));
      parts.push(el("section", { class: "carton", "aria-label": String(index + 1) }, number, ...content(each)));
    });
  }
  return parts;
}

function sizes(element) {
  const deeper = element.children.flatMap((child) => child.elements);
  const leaves = deeper.filter((each) => !each.children.length).length;
  const cartons = deeper.length - leaves;
  const inner = deeper.flatMap((each) => each.children.flatMap((child) => child.elements)).length;
  if (cartons) return say(`${cartons} 箱，${inner} 个 SKU`, `${cartons} cartons, ${inner} SKUs`);
  return leaves ? say(`${leaves} 个 SKU`, `${leaves} SKUs`) : "";
}

function shown(order) {
  const isDraft = main.dataset.state === "draft";
  const isInvalid = order.status === "invalid";
  const rows = say(`第 ${order.rows} 行`, `rows ${order.rows}`);
  const facts = [order.values && sizes(order.values), order.account, rows].filter(Boolean).join(" · ");
  const mark = isDraft && !isInvalid ? null : sign(TONES[order.status], order.word);
  const body = el("div", {});
  const made = el("details", { class: "order" },
    el("summary", {}, el("b", {}, el("bdi", {}, order.order)), mark, el("small", {}, facts)), body);
  made.addEventListener("toggle", () => {
    if (!made.open || body.firstChild) return;
    if (order.message) body.append(el("p", { class: `note ${TONES[order.status]}` }, order.message));
    if (order.values) body.append(...content(order.values));
    else body.append(el("p", { class: "hint" }, say("没有要发送的内容。", "There is nothing to send.")));
    if (!isDraft) body.append(el("p", {}, el("a", { href: `/batches/${batch}/orders/${order.position}` }, say("这一单的经过", "What happened to it"))));
  });
  return made;
}

let shows = 0; // which list is the newest: an older answer is not shown

export async function list(status = "") {
  const place = document.querySelector("#orders .order-list");
  if (!place) return;
  const mine = ++shows;
  const more = el("button", { type: "button", class: "more" });
  let from = 0;
  const next = async () => {
    more.disabled = true;
    try {
      const found = await call(`/batches/${batch}/orders?from=${from}&count=${COUNT}${status ? `&status=${status}` : ""}`);
      if (mine !== shows) return;
      if (!from) place.replaceChildren();
      const made = found.orders.map(shown);
      place.append(...made);
      if (from && made.length) made[0].firstChild.focus();
      from += found.orders.length;
      if (!found.total) place.append(el("p", { class: "empty" }, say("没有。", "None.")));
      if (from < found.total && found.orders.length) {
        more.textContent = say(`再显示一些（还有 ${found.total - from} 单）`, `Show more (${found.total - from} left)`);
        more.disabled = false;
        place.append(more);
      } else more.remove();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (mine !== shows) return;
      more.textContent = say("再试一次", "Try again");
      more.disabled = false;
      place.replaceChildren(el("p", { class: "note bad" }, error.message), more);
      from = 0;
    }
  };
  more.addEventListener("click", next);
  await next();
}

const chosen = document.getElementById("order-status");
chosen?.addEventListener("change", () => list(chosen.value));
// seen first, fetched then: a long page need not load what nobody looks at
const section = document.getElementById("orders");
if (section) {
  const watcher = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watcher.disconnect();
    list();
  }, { rootMargin: "400px" });
  watcher.observe(section);
}
addEventListener("bulkorders:corrected", () => list());
