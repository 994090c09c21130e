export {
  cacheFolder,
  findNative,
  type Env,
  type FoundNative,
  type Native,
  type NativePackage,
  type Way,
} from "./cache.ts";
export { installNative, type InstalledNative, type NativeOptions } from "./install.ts";
export { lendTfjs } from "./lend.ts";
