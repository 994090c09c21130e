// A thread of @regimen/backend-wasm: works on the kernels that ../src/threads.ts posts, for as long as the process lives.
// Plain JavaScript, since it is loaded as it is: by Node, and by browsers as a module worker.

// How the numbers of `control` are used: keep them equal to those in ../src/threads.ts.
const [JOB, OPEN, ACTIVE, ASLEEP, WAITED, NEXT, UNITS, GRAIN, KERNEL, COUNT, SCRATCH_AT, SCRATCH_STEP, FAILED] =
  Array(13).keys();

// How often a thread looks for the next job before it sleeps: some times as long as a
// training step's JavaScript between two kernels (some 200 microseconds).
const LOOKS = 20000;

const port = globalThis.process?.versions?.node ? (await import("node:worker_threads")).parentPort : globalThis;
port.addEventListener("message", async ({ data }) => {
  const { module, memory, stack, control, values, index } = data;
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  exports.__stack_pointer.value = stack;
  const kernels = WebAssembly.Module.exports(module).map(({ name }) => exports[name]);
  port.postMessage("ready", []);
  for (let last = 0; ;) {
    let looks = 0;
    while (Atomics.load(control, JOB) === last) {
      if (++looks < LOOKS) continue;
      Atomics.add(control, ASLEEP, 1);
      Atomics.wait(control, JOB, last);
      Atomics.sub(control, ASLEEP, 1);
    }
    last = Atomics.load(control, JOB);
    Atomics.add(control, ACTIVE, 1);
    // While this thread is active no job begins that it does not know of: what stands in `control` is of one job.
    if (Atomics.load(control, OPEN) === 1) {
      try {
        work();
      } catch {
        exports.__stack_pointer.value = stack;
        Atomics.store(control, FAILED, 1);
      }
    }
    if (Atomics.sub(control, ACTIVE, 1) === 1 && Atomics.load(control, WAITED) === 1) Atomics.notify(control, ACTIVE);
  }

  function work() {
    const kernel = kernels[control[KERNEL]];
    const step = control[SCRATCH_STEP];
    // Offsets are up to 4 GB: unsigned.
    const scratch = step === 0 ? [] : [(control[SCRATCH_AT] >>> 0) + index * step];
    const rest = [...scratch, ...values.subarray(0, control[COUNT])];
    const units = control[UNITS];
    const grain = control[GRAIN];
    for (;;) {
      const from = Atomics.add(control, NEXT, grain);
      if (from >= units) return;
      kernel(from, Math.min(from + grain, units), ...rest);
    }
  }
});
