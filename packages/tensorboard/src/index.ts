export { EventFile, readEvents, type Event, type Value } from "./event-file.ts";
