"""How each language writes days, where Django's own formats are not what pages ask for."""
