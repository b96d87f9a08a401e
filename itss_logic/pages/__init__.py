"""Pages that people read: dossiers, the index over them, and what they share with the pages of `itss serve`."""
