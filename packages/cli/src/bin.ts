#!/usr/bin/env node
import manifest from "../package.json" with { type: "json" };
import { main } from "./main.ts";

await main({ url: import.meta.url, manifest, import: (name) => import(name) }, import.meta.url);
