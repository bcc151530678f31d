"""Quality of loans: classes, expected credit loss, capital, each after dated rules."""
