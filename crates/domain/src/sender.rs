//! Who may send webhooks as an integration: the addresses that they may come from, and the secret of those who sign.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};

/// A secret that both sides keep as it is, of 128 bits in hex. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SharedKey(String);

impl SharedKey {
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether it is one: what is read from a file or a row may be anything, and with an empty one anybody could sign.
    pub fn check(&self) -> Result<(), NoKey> {
        let is_key = self.0.len() == 32 && self.0.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_key.then_some(()).ok_or(NoKey)
    }
}

/// A text that is no [`SharedKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key has 32 hexadecimal digits")]
pub struct NoKey;

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Addresses in CIDR notation, or a single one. IPv4 addresses that are written as IPv6 are what they mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddressRange(IpNet);

/// A text that is no [`AddressRange`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressRangeError {
    #[error("`{0}` is no range of addresses; write 203.0.113.0/24, 2001:db8::/32 or one address")]
    Unreadable(String),
    #[error("`{given}` is one address and a whole network at once; write {network}, or the address alone")]
    HostInNetwork { given: String, network: AddressRange },
}

impl AddressRange {
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for AddressRange {
    type Err = AddressRangeError;

    fn from_str(text: &str) -> Result<Self, AddressRangeError> {
        let unreadable = || AddressRangeError::Unreadable(text.chars().take(60).collect());
        let single = || text.parse::<IpAddr>().map(IpNet::from);
        let range = text.parse::<IpNet>().or_else(|_| single()).map_err(|_| unreadable())?;
        if range.trunc() != range {
            let network = Self(unmapped(range.trunc()));
            return Err(AddressRangeError::HostInNetwork { given: text.to_owned(), network });
        }
        Ok(Self(unmapped(range)))
    }
}

/// The bits before the IPv4 address in one that is mapped into IPv6 (RFC 4291, 2.5.5.2).
const MAPPED_BITS: u8 = 96;

fn unmapped(range: IpNet) -> IpNet {
    let mapped = match range {
        IpNet::V6(range) => range.addr().to_ipv4_mapped().zip(range.prefix_len().checked_sub(MAPPED_BITS)),
        IpNet::V4(_) => None,
    };
    let v4 = mapped.and_then(|(address, length)| Ipv4Net::new(address, length).ok());
    v4.map_or(range, IpNet::V4)
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_its_first_and_last_address_and_no_neighbour() {
        for (range, inside, outside) in [
            ("203.0.113.0/24", vec!["203.0.113.0", "203.0.113.255"], vec!["203.0.112.255", "203.0.114.0"]),
            ("203.0.113.0/30", vec!["203.0.113.3"], vec!["203.0.113.4"]),
            ("203.0.113.7", vec!["203.0.113.7"], vec!["203.0.113.6", "203.0.113.8"]),
            ("0.0.0.0/0", vec!["0.0.0.0", "255.255.255.255", "::ffff:192.0.2.1"], vec!["2001:db8::1"]),
            ("2001:db8::/32", vec!["2001:db8::", "2001:db8:ffff::1"], vec!["2001:db9::", "192.0.2.1"]),
            ("2001:db8::1", vec!["2001:db8::1"], vec!["2001:db8::2"]),
            ("203.0.113.0/24", vec!["::ffff:203.0.113.9"], vec!["::ffff:203.0.114.9", "::203.0.113.9"]),
            ("::ffff:203.0.113.0/120", vec!["203.0.113.9", "::ffff:203.0.113.9"], vec!["203.0.114.9"]),
            ("::ffff:203.0.113.9", vec!["203.0.113.9"], vec!["203.0.113.8"]),
        ] {
            let parsed: AddressRange = range.parse().unwrap();
            for (address, is_inside) in
                inside.iter().map(|a| (a, true)).chain(outside.iter().map(|a| (a, false)))
            {
                assert_eq!(parsed.contains(address.parse().unwrap()), is_inside, "{address} in {range}");
            }
        }
    }

    #[test]
    fn a_range_is_read_as_it_is_written() {
        for (given, written) in [
            ("203.0.113.0/24", "203.0.113.0/24"),
            ("203.0.113.7", "203.0.113.7/32"),
            ("2001:DB8::/32", "2001:db8::/32"),
            ("::ffff:203.0.113.0/120", "203.0.113.0/24"),
        ] {
            let range: AddressRange = given.parse().unwrap();
            assert_eq!((range.to_string().as_str(), range.to_string().parse()), (written, Ok(range)));
        }
    }

    #[test]
    fn what_is_no_range_is_told_what_one_is() {
        for text in
            ["", "depot", "203.0.113.0/33", "203.0.113/24", "2001:db8::/129", "203.0.113.0/24,10.0.0.0/8"]
        {
            let told = text.parse::<AddressRange>().unwrap_err().to_string();
            assert_eq!(
                told,
                format!(
                    "`{text}` is no range of addresses; write 203.0.113.0/24, 2001:db8::/32 or one address"
                )
            );
        }
        let told = "203.0.113.7/24".parse::<AddressRange>().unwrap_err().to_string();
        assert_eq!(
            told,
            "`203.0.113.7/24` is one address and a whole network at once; write 203.0.113.0/24, or the address alone"
        );
    }

    #[test]
    fn a_key_has_32_hexadecimal_digits() {
        for (key, is_key) in [
            ("a".repeat(31), false),
            ("A0".repeat(16), true),
            ("a".repeat(33), false),
            ("g".repeat(32), false),
            (" ".repeat(32), false),
            (String::new(), false),
        ] {
            assert_eq!(SharedKey::new(key.as_str()).check().is_ok(), is_key, "{key}");
        }
    }

    #[test]
    fn a_shared_key_is_not_shown() {
        assert_eq!(format!("{:?}", Some(SharedKey::new("hunter2"))), "Some((secret))");
    }
}
