"""Files and other systems in and out."""
