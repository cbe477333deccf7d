"""Your data: upload them, see how they were read, say what their columns are, save and open them."""
