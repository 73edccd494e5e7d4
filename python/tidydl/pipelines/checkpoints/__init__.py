"""Long runs in parts, each kept in a file once it is done: ``docs/checkpoints.md`` describes the folder."""
