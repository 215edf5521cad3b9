//! Where settings come from.

use crate::{File, isotherm, refused};

#[test]
fn the_printed_configuration_is_read_back() {
    let printed = isotherm(&["config"], "");
    assert_eq!(printed.status.code(), Some(0));
    let file = File::new("config.toml", &String::from_utf8(printed.stdout).unwrap());
    // A split part without a broker is refused after its configuration was read.
    let line = refused(&isotherm(&["track", "--config", file.path()], ""));
    assert!(line.contains("RabbitMQ"), "{line}");
}
