"""What every gRPC service of ecopledge stands on."""
