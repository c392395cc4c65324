"""The clock's ticks: what is due, and the delivery of what was promised."""
