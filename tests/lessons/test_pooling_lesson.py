"""What is true of the lesson 04_04_pooling."""
