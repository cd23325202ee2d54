"""Scripts that made numbers of the library; anyone can run them again."""
