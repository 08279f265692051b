"""The mouse of sticks and balls, on its way out."""
