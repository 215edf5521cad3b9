//! Objects and lists inside an event that it can do without, like the scalars of [`super::loose`].
//!
//! They are read where they stand, not after a first look over their text as scalars are: what is large is
//! read once.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, Visitor};

/// What a visitor makes of the types that it does not read.
macro_rules! scalars_are_unknown {
    () => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }

        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }

        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }

        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }

        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
    };
}

/// An object inside the event; its fields are loose, too.
#[derive(Debug)]
pub(crate) struct Part<T>(Option<T>);

impl<T> Default for Part<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> From<T> for Part<T> {
    fn from(part: T) -> Self {
        Self(Some(part))
    }
}

impl<T> Part<T> {
    pub(crate) fn known(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Part<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PartVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for PartVisitor<T> {
            type Value = Part<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Part<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|part| Part(Some(part)))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Part<T>, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Part::default())
            }

            scalars_are_unknown!();
        }
        deserializer.deserialize_any(PartVisitor(PhantomData))
    }
}

/// How many receptions of one frame are kept.
pub(crate) const MOST_RECEPTIONS: usize = 64;

/// The first receptions of a frame; the rest of the list is read over, and so is what is no object.
#[derive(Debug)]
pub(crate) struct Receptions<T>(pub(crate) Vec<T>);

impl<T> Default for Receptions<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Receptions<T> {
    pub(crate) fn of(receptions: impl Iterator<Item = T>) -> Self {
        Self(receptions.take(MOST_RECEPTIONS).collect())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Receptions<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ReceptionsVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ReceptionsVisitor<T> {
            type Value = Receptions<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of receptions")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Receptions<T>, A::Error> {
                let mut kept = Vec::new();
                while kept.len() < MOST_RECEPTIONS
                    && let Some(Part(reception)) = list.next_element()?
                {
                    kept.extend(reception);
                }
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Receptions(kept))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Receptions<T>, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Receptions::default())
            }

            scalars_are_unknown!();
        }
        deserializer.deserialize_any(ReceptionsVisitor(PhantomData))
    }
}
