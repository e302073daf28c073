"""The only writers of this application's rows, one public verb each, keyword arguments only."""
