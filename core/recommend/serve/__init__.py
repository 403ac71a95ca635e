"""From the scores of a run to the list that is shown: policies, their effect, needs in words, and new products."""
