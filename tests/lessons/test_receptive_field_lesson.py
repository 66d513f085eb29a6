"""What is true of the lesson 04_02c_receptive_field."""
