import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { CaseResult, StudyReport } from "../data/study.ts";
import { writeFileAtomic } from "../io/atomic.ts";
import { encodeCsv, encodeParquet } from "../io/table.ts";
import { madeNow } from "../scenario/stopwatch.ts";
import { renderStudy } from "../report/study-page.ts";
import { caseTable, sampleTable } from "./case-table.ts";
import type { StudyPlan } from "./plan.ts";

/** Leaves in `folder`: study-report.json, table.csv, table.parquet (one row a case), samples.parquet, timing.json and study.html. Returns the page. */
export async function writeStudy(
  folder: string,
  plan: StudyPlan,
  results: readonly CaseResult[],
  report: StudyReport,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const table = caseTable(plan, results);
  await writeFileAtomic(join(folder, "study-report.json"), `${JSON.stringify(report, null, 2)}\n`);
  await writeFileAtomic(join(folder, "table.csv"), encodeCsv(table));
  await writeFileAtomic(join(folder, "table.parquet"), encodeParquet(table));
  await writeFileAtomic(join(folder, "samples.parquet"), encodeParquet(sampleTable(plan, results)));
  const page = join(folder, "study.html");
  const made = madeNow();
  await writeFileAtomic(join(folder, "timing.json"), `${JSON.stringify(made, null, 2)}\n`);
  await writeFileAtomic(page, renderStudy(report, made));
  return page;
}
