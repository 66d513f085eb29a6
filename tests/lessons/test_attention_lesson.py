"""What is true of the lesson 04_08_attention."""
