/** One line of a CSV file (RFC 4180): text is quoted where it must be, numbers have six digits. */
export const csvLine = (cells: readonly (string | number)[]): string => `${cells.map(cell).join(",")}\n`;

function cell(value: string | number): string {
  const text = typeof value === "number" ? String(Number(value.toPrecision(6))) : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
