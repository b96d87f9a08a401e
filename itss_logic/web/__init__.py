"""Web: many candidates with their verdicts, listed, searched and explained in a browser (extra `web`)."""
