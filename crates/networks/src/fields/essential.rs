//! Values that an event cannot do without: what is no such value refuses the body, by its place.

use std::fmt;
use std::marker::PhantomData;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, Visitor};

/// A whole number that `T` can hold, as a number, a whole float or a string.
#[derive(Debug)]
pub(crate) struct Whole<T>(pub(crate) Option<T>);

impl<T> Default for Whole<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Default + Copy> Whole<T> {
    /// The number, 0 where it was left out.
    pub(crate) fn or_default(&self) -> T {
        self.0.unwrap_or_default()
    }
}

impl<'de, T: TryFrom<u64>> Deserialize<'de> for Whole<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WholeVisitor<T>(PhantomData<T>);
        impl<T: TryFrom<u64>> Visitor<'_> for WholeVisitor<T> {
            type Value = Whole<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a whole number of at most {} bits", 8 * size_of::<T>())
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Whole<T>, E> {
                let held = T::try_from(number)
                    .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(number), &self))?;
                Ok(Whole(Some(held)))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Whole<T>, E> {
                if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number) {
                    return self.visit_u64(number as u64);
                }
                Err(E::invalid_value(de::Unexpected::Float(number), &self))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Whole<T>, E> {
                if text.is_empty() {
                    return Ok(Whole(None));
                }
                match text.parse::<u64>() {
                    Ok(number) => self.visit_u64(number),
                    Err(_) => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_unit<E: de::Error>(self) -> Result<Whole<T>, E> {
                Ok(Whole(None))
            }
        }
        deserializer.deserialize_any(WholeVisitor(PhantomData))
    }
}

/// The longest application payload of LoRaWAN is 242 bytes.
const LONGEST_PAYLOAD: usize = 255;

/// The bytes, unless they are too many to have come in a frame.
pub(crate) fn payload(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    if bytes.len() > LONGEST_PAYLOAD {
        return Err(format!("the payload has {} bytes: no LoRaWAN frame holds more than 242", bytes.len()));
    }
    Ok(bytes)
}

/// Bytes in base64, of either alphabet and with or without padding, as protobuf's JSON allows.
#[derive(Debug, Default)]
pub(crate) struct Base64(pub(crate) Option<Vec<u8>>);

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT);

pub(super) fn decode_base64(text: &str) -> Result<Vec<u8>, base64::DecodeError> {
    let engine = if text.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
    engine.decode(text)
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let decode = |text: &str| decode_base64(text).map_err(|error| error.to_string());
        deserializer.deserialize_any(PayloadVisitor { encoding: "base64", decode }).map(Self)
    }
}

/// Bytes in hexadecimal digits of either case.
#[derive(Debug, Default)]
pub(crate) struct Hex(pub(crate) Option<Vec<u8>>);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let decode = |text: &str| hex::decode(text).map_err(|error| error.to_string());
        deserializer.deserialize_any(PayloadVisitor { encoding: "hex", decode }).map(Self)
    }
}

struct PayloadVisitor {
    encoding: &'static str,
    decode: fn(&str) -> Result<Vec<u8>, String>,
}

impl Visitor<'_> for PayloadVisitor {
    type Value = Option<Vec<u8>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a payload in {}", self.encoding)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<Vec<u8>>, E> {
        match (self.decode)(text) {
            Ok(bytes) => payload(bytes).map(Some).map_err(E::custom),
            Err(error) => Err(E::custom(format_args!("the payload is not {}: {error}", self.encoding))),
        }
    }

    fn visit_unit<E: de::Error>(self) -> Result<Option<Vec<u8>>, E> {
        Ok(None)
    }
}

/// The object that holds the frame. A derived struct alone would also read a list, position by position.
#[derive(Debug)]
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

/// How many events one body may hold. The senders that pack several put in what came within seconds.
const MOST_EVENTS: usize = 1000;

/// A list of objects that hold frames, or one of them alone.
#[derive(Debug)]
pub(crate) struct OneOrMore<T>(pub(crate) Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMore<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMoreVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrMoreVisitor<T> {
            type Value = OneOrMore<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object or a list of objects")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<OneOrMore<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|one| OneOrMore(vec![one]))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMore<T>, A::Error> {
                let mut events = Vec::new();
                while let Some(Object(event)) = list.next_element()? {
                    if events.len() == MOST_EVENTS {
                        return Err(de::Error::custom(format_args!(
                            "the list has more than {MOST_EVENTS} events: send it in parts"
                        )));
                    }
                    events.push(event);
                }
                Ok(OneOrMore(events))
            }
        }
        deserializer.deserialize_any(OneOrMoreVisitor(PhantomData))
    }
}
