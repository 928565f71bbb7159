// Tables as the server's CSV files hold them (RFC 4180).

export type Row = Record<string, string>;

export function rows(text: string): Row[] {
  const [head, ...body] = cells(text.replace(/^\ufeff/, ""));
  if (!head) return [];
  const names = head.map((name) => name.trim());
  return body
    .filter((row) => row.some((cell) => cell !== ""))
    .map((row) => Object.fromEntries(names.map((name, i) => [name, row[i] ?? ""])));
}

function cells(text: string): string[][] {
  const table: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (quoted) {
      if (c !== '"') cell += c;
      else if (text[i + 1] === '"') cell += text[++i];
      else quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === ",") { row.push(cell); cell = ""; }
    else if (c === "\n" || c === "\r") {
      if (c === "\r" && text[i + 1] === "\n") i++;
      row.push(cell);
      table.push(row);
      row = [];
      cell = "";
    } else cell += c;
  }
  if (cell !== "" || row.length) table.push([...row, cell]);
  return table;
}

export function number(text: string | undefined): number {
  return text === undefined || text.trim() === "" ? NaN : Number(text);
}
