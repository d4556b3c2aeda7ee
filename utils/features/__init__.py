"""Arrays made of data: cohorts of patients as of a moment, letters of DNA as numbers, molecules as graphs."""
