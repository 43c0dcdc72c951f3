"""Map sheets on paper: layout in millimetres, true to scale; the print itself is a port."""
