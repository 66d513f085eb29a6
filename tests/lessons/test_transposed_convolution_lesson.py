"""What is true of the lesson 04_02d_transposed_convolution."""
