"""What is true of the lesson 04_10_positional."""
