"""What assures that a policy says what it is meant to say: its cases, and what they show."""
