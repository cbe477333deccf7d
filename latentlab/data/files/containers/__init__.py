"""Files that hold arrays, tables or tensors in a binary format."""
