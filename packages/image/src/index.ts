export * from "./spatial.ts";
export * from "./cutout.ts";
export * from "./colour.ts";
export * from "./texture.ts";
export * from "./blur.ts";
export * from "./policies.ts";
export {
  OPERATIONS,
  PROPORTIONAL,
  STANDARD,
  WIDE,
  isSigned,
  strengthOf,
  type Operation,
  type Reach,
} from "./strengths.ts";
