export { RunFolder } from "./folder.ts";
export { Journal } from "./journal.ts";
export { loadModel, saveModel } from "./model-files.ts";
export { DRAWN, drawAnswers, withOverlays } from "./overlays.ts";
export { addressWithin, sheetOf } from "./sheet.ts";
export { readStatus, withStatus, type RunStatus } from "./status.ts";
export {
  capture,
  decode,
  encode,
  folderStore,
  memoryStore,
  restore,
  tableFrom,
  tableTo,
  type Checkpoint,
  type Store,
} from "./store.ts";
