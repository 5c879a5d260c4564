"""What is fast enough is measured here, never in a test: each figure beside a named peer in the same run."""
