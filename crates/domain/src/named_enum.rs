//! Closed sets of words that stand in JSON, on the command line and in the database: one spelling for all three.

use std::fmt;

/// A word that is not one of its set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is no {kind}: write one of {known}")]
pub struct UnknownName {
    kind: &'static str,
    given: String,
    known: String,
}

impl UnknownName {
    pub(crate) fn new<T: fmt::Display>(kind: &'static str, given: &str, known: &[T]) -> Self {
        let known: Vec<String> = known.iter().map(ToString::to_string).collect();
        Self { kind, given: given.chars().take(40).collect(), known: known.join(", ") }
    }
}

macro_rules! named_enum {
    ($(#[$attribute:meta])* $name:ident, $kind:literal { $($(#[$variant_attribute:meta])* $variant:ident = $text:literal,)+ }) => {
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_attribute])* $variant,)+ }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::named_enum::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|known| known.as_str() == text)
                    .ok_or_else(|| $crate::named_enum::UnknownName::new($kind, text, Self::ALL))
            }
        }
    };
}
pub(crate) use named_enum;
