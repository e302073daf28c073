"""Lists as files: what is filtered, exactly, and nothing that a spreadsheet would run."""
