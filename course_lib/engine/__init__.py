"""What drives a lesson and knows none: explorers, checks, predictions, progress."""
