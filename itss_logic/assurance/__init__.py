"""What shows that a policy says what its source says: the way from clauses to rules and cases, and back."""
