"""The business of 跨省通办: codes, catalogues, translation, cases, time limits. Pure values and pure decisions."""
