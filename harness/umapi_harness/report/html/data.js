// The data of the report, as it lies in the page: rows of all steps at once, details of a step when somebody looks.

const KEPT = 12; // parsed chunks that are remembered

/** What is known of the run: how it began, its rows, how it ended (null if it was killed). */
export function readRun() {
  const run = parse(document.getElementById("run"));
  const end = document.querySelector("script.end");
  const rows = [];
  const data = new Map(); // of each iteration
  const firstRows = []; // of each chunk
  for (const block of document.querySelectorAll("script.rows")) {
    const read = parse(block);
    if (read === null) break; // the file ends in the middle of it
    firstRows.push(rows.length);
    for (const row of read.rows) {
      Object.assign(row, { place: rows.length, chunk: firstRows.length - 1 });
      rows.push(row);
    }
    for (const [iteration, pairs] of read.iterations) data.set(iteration, pairs);
  }
  return { ...run, rows, data, end: end && parse(end), details: detailsOf(rows, firstRows) };
}

/** Access to the details of steps and to bodies, of which only those that were last asked for are kept in memory. */
function detailsOf(rows, firstRows) {
  const blocks = [...document.querySelectorAll("script.details")];
  const firstBodies = blocks.map((block) => Number(block.dataset.body));
  const parsed = new Map();

  function read(chunk) {
    let found = parsed.get(chunk);
    if (found === undefined) {
      found = blocks[chunk] ? parse(blocks[chunk]) : null;
      if (parsed.size >= KEPT) parsed.delete(parsed.keys().next().value);
    } else {
      parsed.delete(chunk);
    }
    parsed.set(chunk, found);
    return found;
  }

  /** The details of a row; null where the report had no room for them. */
  function step(row) {
    return read(row.chunk)?.steps[row.place - firstRows[row.chunk]] ?? null;
  }

  /** A body by its number: `text`, and `length` if it was cut. */
  function body(number) {
    if (number === null || number === undefined) return { text: "" };
    let low = 0;
    let high = firstBodies.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (firstBodies[middle] <= number) low = middle;
      else high = middle - 1;
    }
    return read(low)?.bodies[number - firstBodies[low]] ?? { text: "" };
  }

  /** The text of a chunk as it lies in the page, for searches that need not read it as data. */
  const text = (chunk) => blocks[chunk].textContent;
  const rowsOf = (chunk) => rows.slice(firstRows[chunk], firstRows[chunk + 1] ?? rows.length);
  const firstBody = (chunk) => firstBodies[chunk];
  return { step, body, read, text, rowsOf, firstBody, chunks: Math.min(blocks.length, firstRows.length) };
}

function parse(element) {
  try {
    return JSON.parse(element.textContent);
  } catch {
    return null;
  }
}
