"""Evidence from where it lives, as drafts."""
