"""Multiple choice: which of several texts goes best with another."""
