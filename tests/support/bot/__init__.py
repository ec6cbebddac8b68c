"""Jobs, catalogues and cards for tests of what people see."""
