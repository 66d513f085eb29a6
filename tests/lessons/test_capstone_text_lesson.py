"""What is true of the lesson 04_13_capstone_text."""
