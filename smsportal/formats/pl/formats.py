"""Polish. The names are the patterns that pages ask for: months are written small in a date."""

globals().update(
    {
        pattern: pattern.replace("M", "b")
        for pattern in ("j M", "j M Y", "D j M Y", "j M, H:i", "j M Y, H:i T", "M Y")
    }
)
