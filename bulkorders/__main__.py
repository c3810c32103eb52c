"""`python -m bulkorders`."""

from bulkorders.cli import main

if __name__ == "__main__":
    main()
