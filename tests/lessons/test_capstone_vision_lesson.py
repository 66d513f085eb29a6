"""What is true of the lesson 04_12_capstone_vision."""
