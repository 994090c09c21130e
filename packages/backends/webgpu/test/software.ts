import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { join } from "node:path";

/** Chromium's own Vulkan: a loader, and SwiftShader, which calculates on the processor. */
const CHROMIUM = ["/usr/lib/chromium", "/usr/lib/chromium-browser", "/opt/google/chrome"];
/** glibc's RTLD_NODELETE. */
const STAYS = 0x1000;

/**
 * Lets WebGPU find Chromium's software Vulkan, where no other driver is named. Undefined where it can be used, else why not.
 * The package `webgpu` is looked for as the backend does.
 */
export function softwareVulkan(): string | undefined {
  const folder = process.env["REGIMEN_WEBGPU"] ?? process.cwd();
  try {
    createRequire(join(folder, "/")).resolve("webgpu");
  } catch {
    return "the package webgpu is not installed; REGIMEN_WEBGPU may name a folder that has it";
  }
  process.env["REGIMEN_WEBGPU_SOFTWARE"] = "1";
  if (process.env["VK_DRIVER_FILES"] || process.platform !== "linux") return undefined;
  const chromium = CHROMIUM.find((path) => existsSync(join(path, "vk_swiftshader_icd.json")));
  if (!chromium) return "there is no Chromium with vk_swiftshader_icd.json, and VK_DRIVER_FILES names no driver";
  process.env["VK_DRIVER_FILES"] = join(chromium, "vk_swiftshader_icd.json");
  try {
    // No addon, so this throws; the library stays, and is found by its name from then on.
    process.dlopen({ exports: {} }, join(chromium, "libvulkan.so.1"), constants.dlopen.RTLD_NOW | STAYS);
  } catch {
    // As it must; or there is a loader elsewhere.
  }
  return undefined;
}
