"""What is true of the lesson 04_07_residual."""
