// The drop zone: sends files one after the other, shows how far each is, goes on to what became of a single one.
import { el, isEnglish, number, refusedBy, Refused, say, token } from "./base.js";

const form = document.getElementById("drop");
const input = form.querySelector("input[type=file]");
const list = form.querySelector(".drop-list");
let busy = false;

function send(file, bar) {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    const body = new FormData();
    body.append("file", file, file.name);
    request.open("POST", "/api/v1/uploads");
    request.setRequestHeader("X-CSRF-Token", token());
    request.setRequestHeader("Accept-Language", isEnglish ? "en" : "zh");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) bar.value = event.loaded / event.total;
    });
    request.addEventListener("load", () => {
      if (request.status >= 200 && request.status < 300) done(request.response);
      else fail(refusedBy(request.status, request.response));
    });
    const broken = () => fail(new Refused(0, say("上传中断了，请再试一次。", "The upload broke off, try again.")));
    request.addEventListener("error", broken);
    request.addEventListener("abort", broken);
    request.send(body);
  });
}

async function take(files) {
  if (busy || !files.length) return;
  busy = true;
  list.replaceChildren();
  list.hidden = false;
  const found = [];
  for (const file of files) {
    const bar = el("progress", { max: 1, value: 0, "aria-label": file.name });
    const state = el("span", {}, say("正在上传", "uploading"));
    const line = el("li", {}, el("bdi", { class: "file" }, `${file.name} `, el("small", {}, `${number(Math.ceil(file.size / 1024))} KB`)), state, bar);
    list.append(line);
    try {
      const upload = await send(file, bar);
      found.push(upload);
      bar.remove();
      state.replaceChildren(el("a", { href: `/uploads/${encodeURIComponent(upload.id)}` }, say("查看检查", "See its check")));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      bar.remove();
      state.textContent = say("没有收下", "refused");
      line.append(el("p", { class: "why" }, error.message));
    }
  }
  busy = false;
  input.value = "";
  if (files.length === 1 && found.length === 1) location.assign(`/uploads/${encodeURIComponent(found[0].id)}`);
}

input.multiple = true;
input.addEventListener("change", () => take([...input.files]));
form.addEventListener("submit", (event) => event.preventDefault());

const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
let depth = 0;
addEventListener("dragenter", (event) => {
  if (!hasFiles(event)) return;
  depth += 1;
  form.classList.add("over");
});
addEventListener("dragleave", (event) => {
  if (!hasFiles(event)) return;
  depth = Math.max(0, depth - 1);
  form.classList.toggle("over", depth > 0);
});
addEventListener("dragover", (event) => {
  if (hasFiles(event)) event.preventDefault();
});
// anywhere on the page: a file that misses the zone would otherwise replace the page
addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  depth = 0;
  form.classList.remove("over");
  take([...event.dataTransfer.files]);
});
