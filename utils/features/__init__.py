"""Arrays made of data: cohorts as of a moment, letters of DNA as numbers, molecules as graphs, scans as patches."""
