// A worker that does as its requests are named. What was begun is written down in the folder, line by line.
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [folder, ...traits] = process.argv.slice(2);
const say = (message) => process.send(message);
const begun = (id) => {
  const file = join(folder, "begun.txt");
  appendFileSync(file, `${id}\n`);
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line === id).length;
};
const answer = (id) => ({
  answer: { id, status: "ok", cost: { trained: 100, inferred: 0, seconds: 0.01 } },
  trial: null,
});

if (traits.includes("stillborn")) {
  console.error("cannot begin");
  process.exit(3);
}
process.on("message", (message) => {
  if (message.kind === "stop") {
    appendFileSync(join(folder, "begun.txt"), "saved\n");
    return say({ kind: "failed", id: current, failure: { name: "AbortError", code: null, message: "stopped" } });
  }
  if (message.kind === "begin") {
    const same = JSON.stringify(message.identity) === JSON.stringify({ engine: "1" });
    if (same) return say({ kind: "ready" });
    return say({
      kind: "refused",
      failure: { name: "RegimenError", code: "REG_WORKER_MISMATCH", message: "REG_WORKER_MISMATCH: engine: 2, here 1" },
    });
  }
  work(message.work.request.id);
});
process.on("disconnect", () => process.exit(0));

let current = "";
function work(id) {
  current = id;
  const times = begun(id);
  const done = () => say({ kind: "done", id, done: answer(id) });
  if (id.startsWith("dies once") && times === 1) process.kill(process.pid, "SIGKILL");
  else if (id.startsWith("always dies")) {
    console.error("out of memory");
    process.kill(process.pid, "SIGKILL");
  } else if (id.startsWith("hangs once") && times === 1) {
    if (id.endsWith("busily")) for (;;);
  } else if (id.startsWith("waits")) return;
  else if (id.startsWith("full"))
    say({
      kind: "failed",
      id,
      failure: { name: "RegimenError", code: "REG_DISK", message: "REG_DISK: the disk is full" },
    });
  else if (id.startsWith("twice")) {
    done();
    done();
    setTimeout(done, 30);
  } else setTimeout(done, 5);
}
