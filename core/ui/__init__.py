"""What the pages share: shell, text, charts, tables, facts."""
