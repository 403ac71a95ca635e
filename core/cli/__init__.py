"""The command line: every page's work without a page. One object on stdout with ``--json``, logs on stderr."""
