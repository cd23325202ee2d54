"""``python -m pdcraft`` is the command line."""

from pdcraft.app.cli import main

main()
