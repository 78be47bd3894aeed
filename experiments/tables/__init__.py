"""The tables: one file each, a short program that reads like the table that it makes."""
