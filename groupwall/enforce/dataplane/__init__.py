"""Where it holds: network namespaces, with their links and tables, made here or attached."""
