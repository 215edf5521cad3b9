//! Ids: every kind is a type of its own, so that a shipment's id can never stand where a tracker's is asked for.
//!
//! Integers are given out by the database and stay inside; UUIDs appear in addresses of the API. A device's
//! EUI is the radio's own name for a tracker and is known before anybody registers it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = <$inner as FromStr>::Err;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<$name> for $inner {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

id! {
    /// A tenant, or one of its partners: every row names one.
    OrganisationId(i32)
}
id! {
    /// A registered tracker. Stays when the tracker is renamed or its DevEUI's network changes.
    TrackerId(i32)
}
id! {
    /// A gateway of one integration's network.
    GatewayId(i32)
}
id! {
    /// One interval of time during which a tracker rides with a shipment.
    AssignmentId(Uuid)
}
id! {
    /// A shipment: what is packed, travels and is received as one.
    ShipmentId(Uuid)
}
id! {
    /// A pallet, a roll cage or a manifest: what several boxes travel in or on.
    ParentId(Uuid)
}
id! {
    /// A lot that quality called back.
    RecallId(Uuid)
}
id! {
    /// One version of a profile; a changed profile is a new id.
    ProfileId(Uuid)
}
id! {
    /// What a person sees and acknowledges, one per episode.
    AlertId(Uuid)
}
id! {
    /// A step of an organisation's on-call list; stays when the step is moved.
    StepId(Uuid)
}
id! {
    /// Where shipments begin, change hands and end.
    PlaceId(Uuid)
}
id! {
    /// A way from one place to another that is driven again and again.
    LaneId(Uuid)
}
id! {
    /// One signed decision of quality on a shipment.
    DispositionId(Uuid)
}
id! {
    /// A person who can log in.
    UserId(Uuid)
}
id! {
    /// The badge of a person who has no account.
    BadgeId(Uuid)
}
id! {
    /// A contract between a tenant and one of its partners.
    ContractId(Uuid)
}
id! {
    /// What a person was trained in, once.
    TrainingId(Uuid)
}

/// The 64-bit extended unique identifier of a LoRaWAN device (LoRaWAN 1.0.4, section 6.1.1.2).
///
/// Written as 16 lower-case hex digits, most significant byte first; read in either case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DevEui(pub u64);

/// A text that is not 16 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a DevEUI: 16 hexadecimal digits are expected")]
pub struct DevEuiError(String);

impl fmt::Display for DevEui {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for DevEui {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DevEui({self})")
    }
}

impl FromStr for DevEui {
    type Err = DevEuiError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The digits are checked first because `from_str_radix` also takes a sign.
        let well_formed = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match u64::from_str_radix(text, 16) {
            Ok(value) if well_formed => Ok(Self(value)),
            _ => Err(DevEuiError(text.chars().take(40).collect())),
        }
    }
}

impl Serialize for DevEui {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DevEui {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Hex;
        impl de::Visitor<'_> for Hex {
            type Value = DevEui;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a DevEUI of 16 hexadecimal digits")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<DevEui, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Hex)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dev_eui_is_read_in_either_case_and_written_in_lower() {
        for text in ["0004A30B001C0530", "0004a30b001c0530"] {
            let eui: DevEui = text.parse().unwrap();
            assert_eq!(eui, DevEui(0x0004_a30b_001c_0530));
            assert_eq!(eui.to_string(), "0004a30b001c0530");
        }
        assert_eq!(DevEui(0).to_string(), "0000000000000000");
    }

    #[test]
    fn what_is_not_sixteen_hex_digits_is_no_dev_eui() {
        for text in [
            "",
            "0004a30b001c053",
            "0004a30b001c05300",
            "+004a30b001c0530",
            "0004a30b001c053g",
            "ÄÖÜ04a30b001",
        ] {
            assert!(text.parse::<DevEui>().is_err(), "{text}");
        }
    }

    #[test]
    fn ids_travel_in_json_as_the_bare_value() {
        assert_eq!(serde_json::to_string(&DevEui(0xfeed)).unwrap(), r#""000000000000feed""#);
        assert_eq!(serde_json::from_str::<DevEui>(r#""000000000000FEED""#).unwrap(), DevEui(0xfeed));
        assert_eq!(serde_json::to_string(&OrganisationId(7)).unwrap(), "7");
        let shipment: ShipmentId = "018f4e6e-0000-7000-8000-000000000001".parse().unwrap();
        assert_eq!(serde_json::to_string(&shipment).unwrap(), r#""018f4e6e-0000-7000-8000-000000000001""#);
    }
}
