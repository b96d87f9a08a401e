"""Evidence from where it lives: spreadsheets, databases, resumes."""
