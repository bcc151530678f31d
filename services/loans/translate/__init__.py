"""Between protobuf and the domain of loans; everything wrong is collected, nothing guessed."""
