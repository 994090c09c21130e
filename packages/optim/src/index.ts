export { OPTIMIZERS, SCHEDULES } from "./optimizers.ts";
