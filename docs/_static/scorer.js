// How the site's search orders what it finds. It is Sphinx's own scoring, but for two things: pages that help with a
// task come before references of the same score, and names of the code come last.
"use strict";

const HELPING = /^(start|howto\/|tutorials\/)/;

var Scorer = {
  score: ([docname, title, anchor, descr, score, filename, kind]) =>
    kind !== "object" && HELPING.test(docname) ? score + 10 : score,
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 0, 1: -5, 2: -10 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
