import type { Report } from "@regimen/core";

/** A report of an earlier version with what has been added since: null, or nothing. */
export function completed(report: Report): Report {
  const { dataset, error } = report;
  return {
    ...report,
    dataset: { ...dataset, samples: dataset.samples ?? null },
    error: { ...error, longer: error.longer ?? null },
    unlabeledUse: report.unlabeledUse ?? [],
    unlabeledTried: report.unlabeledTried ?? [],
    augmented: report.augmented ?? null,
    synthetic: report.synthetic ?? [],
  };
}
