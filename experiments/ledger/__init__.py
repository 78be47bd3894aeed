"""The ledger: claims of papers, each with what printed numbers and finished runs say of it."""
