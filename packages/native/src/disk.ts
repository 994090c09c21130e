import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { RegimenError } from "@regimen/contracts";
import { Refusal, type Job } from "./job.ts";

const REMEDY = "make room, or name another folder in the environment variable REGIMEN_CACHE";

/** Errors: Refusal where the stage has not this many gigabytes left. */
export async function needRoom({ stage }: Job, gigabytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(stage);
  const free = (bavail * bsize) / 1e9;
  if (free < gigabytes) {
    throw new Refusal(
      `it needs ${gigabytes} GB, of which the disk of ${dirname(stage)} has ${free.toFixed(2)} left`,
      REMEDY,
    );
  }
}

/** For a write that found the disk full. */
export const full = ({ stage }: Job, cause: unknown): RegimenError =>
  new RegimenError("REG_DISK", `the disk was full while ${dirname(stage)} was written; ${REMEDY}`, {
    cause,
    input: false,
  });
