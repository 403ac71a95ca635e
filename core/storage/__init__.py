"""The workspace folder and its database; knows nothing of what is stored beyond the tables."""
