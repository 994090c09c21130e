import type { Report } from "@regimen/core";

/** A report of an earlier version with what has been added since: null, or nothing. */
export function completed(report: Report): Report {
  const { dataset, error, run } = report;
  return {
    ...report,
    run: { ...run, chosen: run.chosen ?? {} },
    dataset: { ...dataset, samples: dataset.samples ?? null },
    error: {
      ...error,
      longer: error.longer ?? null,
      improved: error.improved ?? null,
      worsened: error.worsened ?? null,
    },
    terms: report.terms ?? null,
    measures: report.measures ?? [],
    exhibits: report.exhibits ?? [],
    worst: report.worst?.map((one) => ({ ...one, several: one.several ?? null })) ?? null,
    overlays: report.overlays ?? null,
    unlabeledUse: report.unlabeledUse ?? [],
    unlabeledTried: report.unlabeledTried ?? [],
    augmented: report.augmented ?? null,
    synthetic: report.synthetic ?? [],
  };
}
