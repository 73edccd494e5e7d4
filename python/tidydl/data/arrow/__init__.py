"""Between Arrow tables and analysis-ready frames, and what their metadata says."""
