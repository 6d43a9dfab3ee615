"""What a world remembers: organisations, how they are read and written, its keys, its snapshots, its journal."""
