export { askAndTell, type Asking, type Told } from "./loop.ts";
export { oneByOne } from "./in-process.ts";
