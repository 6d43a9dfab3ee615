// Where two texts differ, word by word.

import { parseJson, plainText } from "./json.js";

const WORDS = 600; // longer texts are compared by their common beginning and end alone

/** The parts of both texts as [text, differs] pairs. JSON is laid out first, so that equal lines face each other. */
export function compared(expected, actual) {
  const [left, right] = [laidOut(expected), laidOut(actual)].map(words);
  const ends = commonEnds(left, right);
  const middles = [left, right].map((side) => side.slice(ends.head, side.length - ends.tail));
  const equal = middles[0].length * middles[1].length <= WORDS * WORDS ? inCommon(...middles) : [new Set(), new Set()];
  const differences = [left, right].map((side, place) =>
    side.map((_, index) => {
      const inside = index >= ends.head && index < side.length - ends.tail;
      return inside && !equal[place].has(index - ends.head);
    }),
  );
  // Line breaks and indents are marked only where nothing else differs.
  const spaceAlone = [left, right].every((side, place) =>
    side.every((word, index) => !differences[place][index] || isSpace(word)),
  );
  return [left, right].map((side, place) =>
    joined(side, (index) => differences[place][index] && (spaceAlone || !side[index].includes("\n"))),
  );
}

function isSpace(word) {
  return word.trim() === "";
}

function laidOut(text) {
  const trimmed = text.trim();
  if (!/^[[{]/.test(trimmed)) return text;
  const tree = parseJson(trimmed);
  return tree === null ? text : plainText(tree);
}

function words(text) {
  return text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];
}

function commonEnds(left, right) {
  const shorter = Math.min(left.length, right.length);
  let head = 0;
  while (head < shorter && left[head] === right[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && left[left.length - 1 - tail] === right[right.length - 1 - tail]) tail += 1;
  return { head, tail };
}

/** The places, on either side, of the longest sequence of words that both have. */
function inCommon(left, right) {
  const width = right.length + 1;
  const lengths = new Uint16Array((left.length + 1) * width);
  for (let i = left.length - 1; i >= 0; i -= 1) {
    for (let j = right.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] =
        left[i] === right[j]
          ? lengths[(i + 1) * width + j + 1] + 1
          : Math.max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);
    }
  }
  const found = [new Set(), new Set()];
  let [i, j] = [0, 0];
  while (i < left.length && j < right.length) {
    if (left[i] === right[j]) {
      found[0].add(i);
      found[1].add(j);
      i += 1;
      j += 1;
    } else if (lengths[(i + 1) * width + j] >= lengths[i * width + j + 1]) i += 1;
    else j += 1;
  }
  return found;
}

function joined(side, differs) {
  const parts = [];
  side.forEach((word, index) => {
    const different = differs(index);
    if (parts.at(-1)?.[1] === different) parts.at(-1)[0] += word;
    else parts.push([word, different]);
  });
  return parts;
}
