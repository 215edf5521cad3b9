//! What a network server's own decoder made of a payload.

use serde::de::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The longest text that is kept, in bytes. A decoder's object has some hundreds.
const LONGEST: usize = 8 * 1024;

/// The object as the body has it, read over and not into; what is no object is unknown.
#[derive(Debug, Default)]
pub(crate) struct DecodedObject<'a>(Option<&'a str>);

impl DecodedObject<'_> {
    /// None where it is empty or too long.
    pub(crate) fn to_owned(&self) -> Option<String> {
        let inside = self.0?.strip_prefix('{')?.strip_suffix('}')?;
        (!inside.trim_ascii().is_empty())
            .then_some(self.0?)
            .filter(|text| text.len() <= LONGEST)
            .map(str::to_owned)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for DecodedObject<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = <&'de RawValue>::deserialize(deserializer)?;
        Ok(Self(Some(value.get())))
    }
}
