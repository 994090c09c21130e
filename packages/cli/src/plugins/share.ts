import { register } from "node:module";

/** Two copies of these in one process do not see each other's tensors and backends. */
const SHARED = ["@regimen/core", "@tensorflow/tfjs-core", "@tensorflow/tfjs-layers"];

const HOOK = `
  let shared, parentURL;
  export function initialize(given) { ({ shared, parentURL } = given); }
  export async function resolve(specifier, context, next) {
    if (shared.includes(specifier))
      try { return await next(specifier, { ...context, parentURL }); } catch {}
    return next(specifier, context);
  }`;
let done = false;

/**
 * From here on, whoever imports core or tfjs gets this command line's: a plug-in that lies in a folder of its own, as while
 * it is written, has copies of its own installed beside it.
 */
export function shareCopies(): void {
  if (done) return;
  done = true;
  const data = { shared: SHARED, parentURL: import.meta.url };
  register(`data:text/javascript,${encodeURIComponent(HOOK)}`, { data });
}
