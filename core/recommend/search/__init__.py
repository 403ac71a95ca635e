"""Search for settings: what is searched, how, and what was found. Judged on validation only; the test stays unseen."""
