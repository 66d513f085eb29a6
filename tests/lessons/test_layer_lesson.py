"""What is true of the lesson 04_01_layer."""
