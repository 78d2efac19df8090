"""Speed and memory beside what a user would use instead."""
