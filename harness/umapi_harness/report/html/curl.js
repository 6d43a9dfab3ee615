// A request as a command for a POSIX shell.

/** What curl sets by itself. */
const COUNTED = new Set(["content-length", "host", "transfer-encoding", "connection"]);

/** The command. What the report has masked or cut stays so, and is told in a comment. */
export function curlOf(exchange, body) {
  const parts = ["curl"];
  if (exchange.method === "HEAD") parts.push("--head");
  else parts.push(`--request ${quoted(exchange.method)}`);
  if (/[[\]{}]/.test(exchange.url)) parts.push("--globoff");
  const names = new Set();
  for (const [name, value] of exchange.headers) {
    if (COUNTED.has(name.toLowerCase())) continue;
    names.add(name.toLowerCase());
    // Without a value curl would take the header for one to leave out.
    parts.push(`--header ${quoted(value === "" ? `${name};` : `${name}: ${value}`)}`);
  }
  if (names.has("accept-encoding")) parts.push("--compressed");
  if (body.text) {
    if (!names.has("content-type")) parts.push("--header 'Content-Type:'");
    parts.push(`--data-raw ${quoted(body.text)}`);
  }
  parts.push(`--url ${quoted(exchange.url)}`);
  const command = parts.join(" \\\n  ");
  const notes = [];
  if (command.includes("•••")) notes.push("# ••• stands for a secret: put it in");
  if (body.length)
    notes.push(`# the report holds the first ${body.text.length} of ${body.length} characters of the body`);
  if (body.text.includes("\u{fffd}")) notes.push("# the body may have held bytes that are no text");
  return [...notes, command].join("\n");
}

/** A text as one word of the shell, whatever is in it; NUL, which no argument can hold, goes. */
export function quoted(text) {
  const plain = text.replaceAll("\0", "");
  return /^[\w./:@%+=,-]+$/.test(plain) ? plain : `'${plain.replaceAll("'", `'\\''`)}'`;
}
