"""The server: questions about people on file, answered to browsers and programs over HTTP."""
