"""What is true of the lesson 04_02a_linear."""
