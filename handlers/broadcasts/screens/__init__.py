"""What the panels of a broadcast show: numbers and a draft go in, text and buttons come out."""
