"""Where winds are fetched from; one file a source, each gives jobs and does them."""
