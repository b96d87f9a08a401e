"""Run the command line as `python -m itss_logic`."""

from itss_logic.cli import main

main()
