import { parquetWriteBuffer } from "hyparquet-writer";

/** One column of a table; `null` is a missing value. All columns have one length. */
export type Column =
  | { readonly name: string; readonly kind: "number"; readonly values: readonly (number | null)[] }
  | { readonly name: string; readonly kind: "text"; readonly values: readonly (string | null)[] };

/** RFC 4180 with a header line; numbers as JavaScript prints them, so that they are read back exactly. */
export function encodeCsv(columns: readonly Column[]): string {
  const rows = columns[0]?.values.length ?? 0;
  const lines = [columns.map(({ name }) => quoted(name)).join(",")];
  for (let i = 0; i < rows; i++) {
    lines.push(columns.map(({ values }) => (values[i] === null ? "" : quoted(String(values[i])))).join(","));
  }
  return `${lines.join("\r\n")}\r\n`;
}

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Apache Parquet: what pandas, R, DuckDB and MATLAB read with types. */
export function encodeParquet(columns: readonly Column[]): Uint8Array {
  const columnData = columns.map(({ name, kind, values }) => ({
    name,
    data: [...values],
    type: kind === "number" ? ("DOUBLE" as const) : ("STRING" as const),
    nullable: true,
  }));
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}
