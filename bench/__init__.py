"""One script a claim: each prints a table with the peer beside us, and the machine it ran on."""
