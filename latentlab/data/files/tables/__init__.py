"""Tables: how their text is written, what each column is for, and what of them is an example."""
