"""Between protobuf and Python: what the messages of all services share."""
