import { packageLaws, techniqueLaws } from "@regimen/testkit";
import { describe, test } from "vitest";
import { __IDENT__ } from "../src/index.js";

packageLaws(new URL("..", import.meta.url), { describe, test });
techniqueLaws(__IDENT__, { describe, test });
