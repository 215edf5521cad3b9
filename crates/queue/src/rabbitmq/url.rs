//! The broker's address. It holds a password, so it can be used but not printed.

use std::fmt;
use std::str::FromStr;

use lapin::uri::{AMQPScheme, AMQPUri};

/// An `amqp://` or `amqps://` address; `Debug` and `Display` leave the password out.
#[derive(Clone, PartialEq, Eq)]
pub struct AmqpUrl(AMQPUri);

/// The address was not understood. Says nothing of its text, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a RabbitMQ address: write amqp://user:password@host:5672/vhost (or amqps://…)")]
pub struct AmqpUrlError;

/// Seconds between signs of life: a broker that hangs is noticed after twice this even if nothing is sent.
const HEARTBEAT: u16 = 10;

impl FromStr for AmqpUrl {
    type Err = AmqpUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut uri = AMQPUri::from_str(text).map_err(|_| AmqpUrlError)?;
        uri.query.heartbeat.get_or_insert(HEARTBEAT);
        Ok(Self(uri))
    }
}

impl AmqpUrl {
    pub(super) fn uri(&self) -> AMQPUri {
        self.0.clone()
    }
}

impl fmt::Display for AmqpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.0.scheme {
            AMQPScheme::AMQP => "amqp",
            AMQPScheme::AMQPS => "amqps",
        };
        let at = &self.0.authority;
        write!(f, "{scheme}://{}@{}:{}/{}", at.userinfo.username, at.host, at.port, self.0.vhost)
    }
}

impl fmt::Debug for AmqpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AmqpUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_password() {
        let url: AmqpUrl = "amqps://ingest:s3cret@mq.example:5671/cold".parse().unwrap();
        assert_eq!(url.to_string(), "amqps://ingest@mq.example:5671/cold");
        let broker = super::super::Broker::new(url);
        assert!(!format!("{broker:?}").contains("s3cret"));

        let error = "amqp//ingest:s3cret@mq".parse::<AmqpUrl>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"));
    }
}
