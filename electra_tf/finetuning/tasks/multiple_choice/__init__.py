"""Multiple choice: which of some texts goes best with another one."""
