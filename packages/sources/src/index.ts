export { Feeder, Walk } from "./feeder.ts";
export { digestOf } from "./identity.ts";
export { expectSame, joinRows, pickRows, remasked, reweighted, source, unlabelled } from "./source.ts";
export { chunks, classesOf, digests, split } from "./split.ts";
export { normalizationOf } from "./normalization.ts";
export { duplicatesOf, samplesOf, withPictures } from "./shown.ts";
