"""The report: what a case holds, as one self-contained page that one can read and check."""
