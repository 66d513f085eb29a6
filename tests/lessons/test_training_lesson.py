"""What is true of the lesson 04_11_training."""
