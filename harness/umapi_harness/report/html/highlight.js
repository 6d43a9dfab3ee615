// The words that were searched for, marked where they stand; the document itself stays as it is.

const MOST = 500; // places that are marked

/** Marks the words, which are in small letters, in all texts below an element; none if the words are empty. */
export function highlight(root, words) {
  if (!CSS.highlights) return;
  const ranges = words ? placesOf(root, words) : [];
  CSS.highlights.set("found", new Highlight(...ranges));
}

function placesOf(root, words) {
  const ranges = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode() && ranges.length < MOST) {
    const text = walker.currentNode.data.toLowerCase();
    if (text.length !== walker.currentNode.data.length) continue; // letters that grow when made small
    for (let at = text.indexOf(words); at >= 0 && ranges.length < MOST; at = text.indexOf(words, at + words.length)) {
      const range = new Range();
      range.setStart(walker.currentNode, at);
      range.setEnd(walker.currentNode, at + words.length);
      ranges.push(range);
    }
  }
  return ranges;
}
