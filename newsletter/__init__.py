"""The shell: knows both rooms, shows and carries what they hold."""
