// How the site's search orders what it finds. It is Sphinx's own scoring, but for three things: pages whose title holds
// more of the words that were typed come first, then pages that help with a task, and names of the code come last.
"use strict";

const HELPING = /^(start|howto\/|tutorials\/)/;

const typed = () =>
  (new URLSearchParams(window.location.search).get("q") || "")
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word);

var Scorer = {
  score: ([docname, title, anchor, descr, score, filename, kind]) => {
    if (kind === "object") return score;
    const words = typed();
    const held = words.filter((word) => title.toLowerCase().includes(word));
    return score + (HELPING.test(docname) ? 10 : 0) + (10 * held.length) / Math.max(words.length, 1);
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 0, 1: -5, 2: -10 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
