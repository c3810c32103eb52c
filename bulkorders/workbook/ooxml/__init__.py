"""The parts of an .xlsx file: a merchant's container is patched at the places that change, and nowhere else."""
