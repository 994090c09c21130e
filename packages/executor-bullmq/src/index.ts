export { bullmq, type Bullmq, type BullmqOptions } from "./coordinator.ts";
export { serveRedis, type ServeOptions } from "./worker.ts";
