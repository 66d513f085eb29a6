"""What is true of the lesson 04_03_activation."""
