"""The reward model: what it reads, how it is loaded, and what its numbers mean."""
