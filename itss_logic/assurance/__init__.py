"""What shows that a policy is sound: its cases, its properties, where its rules come from, what a change does."""
