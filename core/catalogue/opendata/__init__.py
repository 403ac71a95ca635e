"""Public data sets: readers that take the publishers' own files, each on a click or from a URL the user gives."""
