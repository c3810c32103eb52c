// A file that waits for its check: asks how far it is, and goes where it went.
import { call, Refused, say, wait } from "./base.js";

const main = document.getElementById("main");

async function watch() {
  let pause = 700;
  for (;;) {
    await wait(pause);
    try {
      const upload = await call(`/uploads/${encodeURIComponent(main.dataset.upload)}`);
      if (upload.state === "checked" && upload.batches.length) {
        location.replace(`/batches/${encodeURIComponent(upload.batches[0])}`);
        return;
      }
      if (upload.state !== "queued" && upload.state !== "checking") {
        location.reload();
        return;
      }
      show(upload);
      pause = Math.min(pause * 1.2, 3000);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.status === 404) {
        location.reload();
        return;
      }
      pause = 4000;
    }
  }
}

function show(upload) {
  const isQueued = upload.state === "queued";
  const title = isQueued ? say("已收到，等着检查", "Received, waiting for its check") : say("正在逐格检查", "Every cell is being checked");
  const text = isQueued && upload.ahead
    ? say(`前面还有 ${upload.ahead} 份表格。`, `${upload.ahead} before it.`)
    : say("通常几秒钟，大表格要半分钟。", "Usually some seconds, half a minute for large ones.");
  for (const [id, said] of [["wait-title", title], ["wait-text", text]]) {
    const place = document.getElementById(id);
    if (place && place.textContent !== said) place.textContent = said;
  }
}

if (main.dataset.state === "queued" || main.dataset.state === "checking") watch();
