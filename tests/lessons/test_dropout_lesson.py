"""What is true of the lesson 04_05_dropout."""
