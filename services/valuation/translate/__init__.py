"""Assets, requests and valuations between protobuf and the domain."""
