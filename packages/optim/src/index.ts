export { OPTIMIZERS } from "./optimizers.ts";
export { PRESETS } from "./presets.ts";
export { SCHEDULES } from "./schedules.ts";
