"""Where data sets come from: local files, folders, zip files and the Hub."""
