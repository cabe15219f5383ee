# noqa: A005 - laid out as the source
