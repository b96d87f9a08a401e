"""`itss serve`: the list of candidates, their desks, and what a changed policy would do, as pages and as JSON."""
