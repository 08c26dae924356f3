"""What is had and who can say no: frozen values, tables, files, checks, claims."""
