"""The workbench of `itss explore`: a session of what-ifs, and the terminal application over it (extra `explore`)."""
