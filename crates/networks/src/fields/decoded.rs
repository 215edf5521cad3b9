//! What a network server's own decoder made of a payload.

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::Text;

/// The longest text that is kept, in bytes. A decoder's object has some hundreds.
const LONGEST: usize = 8 * 1024;

/// The object as the body has it, read over and not into; what is no object is unknown.
#[derive(Debug, Default)]
pub(crate) struct DecodedObject<'a>(Option<Cow<'a, str>>);

/// From a body that is no JSON.
impl From<String> for DecodedObject<'_> {
    fn from(json: String) -> Self {
        Self(Some(Cow::Owned(json)))
    }
}

impl DecodedObject<'_> {
    /// None where it is empty or too long.
    pub(crate) fn to_owned(&self) -> Option<String> {
        let json = self.0.as_deref().filter(|json| json.len() <= LONGEST)?;
        let inside = json.strip_prefix('{')?.strip_suffix('}')?;
        (!inside.trim_ascii().is_empty()).then(|| json.to_owned())
    }

    /// The object whose JSON stands in a text.
    pub(crate) fn in_text(text: &Text<'_>) -> Option<String> {
        let json: &RawValue = serde_json::from_str(text.known()?).ok()?;
        DecodedObject(Some(Cow::Borrowed(json.get()))).to_owned()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for DecodedObject<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = <&'de RawValue>::deserialize(deserializer)?;
        Ok(Self(Some(Cow::Borrowed(value.get()))))
    }
}
