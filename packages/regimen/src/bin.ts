#!/usr/bin/env node
import { main } from "@regimen/cli";
import { host } from "./host.ts";

await main(host, import.meta.url);
